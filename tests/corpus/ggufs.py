"""GGUF and chat templates: what renders, what reaches out, and headers that say what is not there."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from tests.corpus.sample import Sample
from tests.corpus.wires import gguf

PLAIN = {
    "chatml": "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "alternating": "{{ bos_token }}{% for message in messages %}{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must alternate') }}{% endif %}{{ message.content | trim }}{% endfor %}",
    "tools": "{%- if tools %}{%- for tool in tools | map(attribute='function') %}{{- tool | tojson(indent=4) }}{%- endfor %}"
    "{%- endif %}{%- set ns = namespace(found=false) %}{%- for m in messages[::-1] %}{%- if not ns.found and m.role == 'user'"
    " %}{%- set ns.found = true %}{%- endif %}{%- endfor %}",
    "macro": "{% macro part(x) %}[{{ x | upper }}]{% endmacro %}{% for m in messages %}{{ part(m.role) }}"
    "{% generation %}{{ m['content'] }}{% endgeneration %}{% if loop.last %}{% break %}{% endif %}{% endfor %}",
    "dates": "{{ strftime_now('%d %b %Y') }}{% for k, v in extra.items() %}{{ k ~ ': ' ~ v }}{% endfor %}",
}
REACHING = {
    "globals": "{{ cycler.__init__.__globals__.os.getpid() }}",
    "class": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "item": "{{ messages['__class__']['__base__'] }}",
    "attr": "{{ messages | attr('__class__') }}",
    "joined": "{{ messages | attr(['__cl', 'ass__'] | join) }}",
    "added": "{{ messages['__cl' + 'ass__'] }}",
    "tilde": "{{ messages['_' ~ '_class_' ~ '_'] }}",
    "escaped": "{{ messages['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "reversed": "{{ messages['__ssalc__' | reverse] }}",
    "replaced": "{{ messages['**class**' | replace('*', '_')] }}",
    "formatted": "{{ messages['%s%sclass%s%s' | format('_', '_', '_', '_')] }}",
    "mapped": "{{ messages | map(attribute='__class__') | list }}",
    "byattr": "{{ [messages] | map('attr', '__class__') | list }}",
    "lipsum": "{{ lipsum.__globals__['os'].getpid() }}",
    "frame": "{{ (messages | map('upper')).gi_frame.f_back }}",
    "generator": "{{ messages.items.gi_frame.f_back.f_globals }}",
    "self": "{{ self._TemplateReference__context.environment }}",
    "set": "{% set c = ''.__class__ %}{{ c }}",
    "condition": "{% if messages.__init__.__globals__ %}x{% endif %}",
    "macro": "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{{ m() }}",
    "include": "{% include '/etc/hostname' %}",
    "import": "{% import 'os' as os %}",
    "loop": "{% for c in [].__class__.__base__.__subclasses__() %}{{ c }}{% endfor %}",
}


def samples(folder: Path) -> Iterator[Sample]:
    """Templates in GGUF, and headers that lie."""
    for name, template in PLAIN.items():
        yield _made(folder, f"plain-{name}.gguf", _chat(template), False, f"the template {name}")
    yield _made(
        folder,
        "q4.gguf",
        gguf({"general.architecture": "llama"}, [("a", (64, 2), 2), ("b", (32,), 0)]),
        False,
        "quantised",
    )
    yield _made(
        folder, "tokens.gguf", gguf({"tokenizer.ggml.tokens": ["a", "b"] * 50}), False, "a list of tokens"
    )
    yield _made(folder, "aligned.gguf", gguf({"general.alignment": 32}), False, "an alignment of its own")
    yield _made(folder, "v2.gguf", gguf({"general.name": "x"}, version=2), False, "version 2")
    for name, template in REACHING.items():
        yield _made(folder, f"{name}.gguf", _chat(template), True, f"a template that reaches out by {name}")
    yield _made(
        folder,
        "named.bin",
        _chat(REACHING["globals"], "tokenizer.chat_template.tool_use"),
        True,
        "under another name",
    )
    yield from _lies(folder)


def _chat(template: str, key: str = "tokenizer.chat_template") -> bytes:
    return gguf({"general.architecture": "llama", key: template})


def _lies(folder: Path) -> Iterator[Sample]:
    whole = gguf({"general.name": "x"})
    yield _made(folder, "cut.gguf", whole[:-32], True, "tensors cut short")
    yield _made(folder, "many.gguf", gguf(count=2**60), True, "2^60 tensors")
    yield _made(folder, "keys.gguf", whole[:16] + struct.pack("<Q", 2**40) + whole[24:], True, "2^40 keys")
    yield _made(
        folder, "text.gguf", whole[:24] + struct.pack("<Q", 2**62) + whole[32:], True, "a key of 2^62 bytes"
    )
    huge = gguf(tensors=[("w", (32, 2), 0)]).replace(
        struct.pack("<2Q", 32, 2), struct.pack("<2Q", 2**33, 2**33)
    )
    yield _made(folder, "huge.gguf", huge, True, "a product of sizes past 2^64")
    over = gguf(tensors=[("a", (32,), 0), ("b", (32,), 0)]).replace(
        struct.pack("<IQ", 0, 128), struct.pack("<IQ", 0, 0)
    )
    yield _made(folder, "over.gguf", over, True, "a tensor over another")
    yield _made(
        folder,
        "type.gguf",
        gguf(tensors=[("w", (32,), 0)]).replace(struct.pack("<IQ", 0, 0), struct.pack("<IQ", 99, 0)),
        True,
        "a type that is none",
    )
    yield _made(folder, "align.gguf", gguf({"general.alignment": 0}), True, "an alignment of 0")


def _made(folder: Path, name: str, content: bytes, hostile: bool, why: str) -> Sample:
    path = folder / name
    path.write_bytes(content)
    return Sample(path, hostile, "ggufs", why)


def quick(folder: Path) -> Iterator[Sample]:
    """All: they are small."""
    yield from samples(folder)
