"""What a person writes for npm, cargo, Composer, Bundler, NuGet and Gradle: what is asked for, what is fixed, what is unread."""

from __future__ import annotations

import json

import pytest

from assay.methods.packages import locks
from assay.methods.packages.package import Unreadable


def read(text, path):
    return locks.read(text.encode(), path)


def named(told):
    return {p.full: p.version or f"? {p.about['wanted']}" for p in told.packages}


def test_package_json():
    told = read(
        json.dumps(
            {
                "name": "@Org/App",
                "dependencies": {
                    "lodash": "^4.17.0",
                    "left-pad": "1.3.0",
                    "old": "npm:other@=2.0.1",
                    "own": "workspace:*",
                },
                "devDependencies": {"@types/node": "latest", "near": "file:../near"},
                "optionalDependencies": {"git": "github:a/b"},
                "peerDependencies": {"react": ">=17"},
            }
        ),
        "a/package.json",
    )
    assert named(told) == {
        "lodash": "? ^4.17.0", "left-pad": "1.3.0", "other": "2.0.1", "@types/node": "? latest", "git": "? github:a/b",
    }  # fmt: skip
    assert told.own == {("npm", "@org/app"), ("npm", "own"), ("npm", "near")} and told.asks == "npm"
    assert told.untold == ["what its dependencies need in turn is not said in it"]
    assert not read('{"type": "module"}', "package.json").packages


def test_cargo_toml():
    told = read(
        """[package]
name = "app"
[dependencies]
serde = "1.0"
exact = "=1.2.3"
renamed = { package = "real-name", version = "0.3", features = ["x"] }
near = { path = "../near", version = "0.1" }
shared = { workspace = true }
source = { git = "https://example.org/x" }
[build-dependencies]
cc = "1"
[target.'cfg(unix)'.dependencies]
libc = "0.2"
""",
        "Cargo.toml",
    )
    assert named(told) == {
        "serde": "? 1.0", "exact": "1.2.3", "real-name": "? 0.3", "shared": "? what its workspace says",
        "source": "? https://example.org/x", "libc": "? 0.2",
    }  # fmt: skip
    assert told.own == {("cargo", "app"), ("cargo", "near")}


def test_composer_json():
    told = read(
        '{"name": "org/app", "require": {"php": ">=8.1", "ext-json": "*", "Monolog/Monolog": "^3", "a/b": "1.2.3"}, "require-dev": []}',
        "composer.json",
    )
    assert named(told) == {"monolog/monolog": "? ^3", "a/b": "1.2.3"}


def test_a_gemfile_is_read_and_not_run():
    told = read(
        """source "https://rubygems.org"
ruby "3.3.0"
gem "rails", "~> 7.1", ">= 7.1.2"
gem 'pg', '1.5.4', platforms: :ruby
  gem("puma")
gem "own", path: "engines/own"
# gem "not"
gem name, "1.0"
gemspec
""",
        "Gemfile",
    )
    assert named(told) == {"rails": "? ~> 7.1, >= 7.1.2", "pg": "1.5.4", "puma": "? any version"}
    assert told.unread == ['gem name, "1.0"', "gemspec"] and told.own == {("gem", "own")}


def test_project_files_of_dotnet():
    told = read(
        """<Project Sdk="Microsoft.NET.Sdk"><ItemGroup>
<PackageReference Include="Newtonsoft.Json" Version="13.0.1" />
<PackageReference Include="Serilog"><Version>[3.1.1]</Version></PackageReference>
<PackageReference Include="Floating" Version="2.*" />
<PackageReference Include="Central" />
<ProjectReference Include="../Own/Own.csproj" />
</ItemGroup></Project>""",
        "src/App.csproj",
    )
    assert named(told) == {
        "Newtonsoft.Json": "13.0.1", "Serilog": "3.1.1", "Floating": "? 2.*", "Central": "? what is managed for the whole tree",
    }  # fmt: skip
    whole = read('<packages><package id="NUnit" version="3.13.3" /></packages>', "packages.config")
    assert named(whole) == {"NUnit": "3.13.3"} and not whole.asks and not whole.untold
    with pytest.raises(Unreadable, match="type of document"):
        read('<!DOCTYPE p [<!ENTITY a "b">]><packages/>', "packages.config")


def test_a_build_of_gradles_is_a_program():
    assert "--write-locks" in read("plugins { }\ndependencies {\n}\n", "build.gradle.kts").untold[0]
    assert not read("plugins { }\n", "build.gradle").untold


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("package.json", "[]"), ("package.json", '{"dependencies": []}'), ("composer.json", '{"require": 1}'),
        ("Cargo.toml", "dependencies = 1"), ("a.csproj", "<Project>"), ("package.json", "[" * 100_000),
    ],
)  # fmt: skip
def test_what_is_not_what_its_name_says_is_unreadable(path, text):
    with pytest.raises((Unreadable, ValueError, RecursionError)):
        read(text, path)
