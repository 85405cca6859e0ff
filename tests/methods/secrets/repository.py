"""A planted repository: secrets in the forms that people write them, and beside them what only looks like one.

Everything is put together when it is asked for. A template's ``{s}`` is where the secret goes.
"""

import base64
import json
import random
import subprocess
from pathlib import Path

from tests.methods.secrets.planted import Maker

PASSWORDS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

# kind, how it is drawn, and (file, line) it is written in
FORMS = (
    ("aws id", lambda m: m.aws_id(), [("src/{n}.py", 's3 = boto3.client("s3", aws_access_key_id="{s}")'), ("conf/{n}.tfvars", 'access_key = "{s}"'), ("logs/{n}.log", "2026-01-02 INFO signing with {s} for s3")]),
    ("aws secret", lambda m: m.aws_secret(), [("src/{n}.py", 'aws_secret_access_key="{s}",'), ("conf/credentials{n}", "aws_secret_access_key = {s}"), ("ci/{n}.yml", "  AWS_SECRET_ACCESS_KEY: {s}")]),
    ("github", lambda m: m.github(), [("src/{n}.js", 'const gh = new Octokit({{auth: "{s}"}});'), ("ci/{n}.sh", "git clone https://{s}@github.com/acme/models.git")]),
    ("npm", lambda m: m.npm(), [("web/{n}/.npmrc", "//registry.npmjs.org/:_authToken={s}")]),
    ("pypi", lambda m: m.pypi(), [("home{n}/.pypirc", "password = {s}")]),
    ("hugging face", lambda m: m.huggingface(), [("src/{n}.py", 'login(token="{s}")'), ("env{n}/.env", "HF_TOKEN={s}")]),
    ("openai", lambda m: "sk-proj" + "-" + m.base62(48), [("src/{n}.py", 'client = OpenAI(api_key="{s}")')]),
    ("anthropic", lambda m: "sk-ant" + "-api03-" + m.base62(93) + "AA", [("env{n}/.env", "ANTHROPIC_API_KEY={s}")]),
    ("databricks", lambda m: "dapi" + m.hex(32), [("conf/{n}.cfg", "token = {s}"), ("src/{n}.scala", 'val token = "{s}"')]),
    ("wandb", lambda m: m.hex(40), [("src/{n}.py", 'wandb.login(key="{s}")'), ("env{n}/.env", "WANDB_API_KEY={s}")]),
    ("kaggle", lambda m: m.hex(32), [("home{n}/kaggle.json", '{{"username": "ada", "key": "{s}"}}')]),
    ("slack", lambda m: m.slack(), [("src/{n}.py", 'slack = WebClient("{s}")')]),
    ("slack webhook", lambda m: "https://hooks.slack" + ".com/services/T" + m.base62(8).upper() + "/B" + m.base62(8).upper() + "/" + m.base62(24), [("conf/{n}.yaml", "alerts: {s}")]),
    ("stripe", lambda m: "sk_" + "live_" + m.base62(24), [("src/{n}.rb", 'Stripe.api_key = "{s}"')]),
    ("google key", lambda m: "AIza" + m.base62(35), [("web/{n}.html", 'src="https://maps.googleapis.com/maps/api/js?key={s}"')]),
    ("azure storage", lambda m: m.azure(), [("conf/{n}.json", '"cs": "DefaultEndpointsProtocol=https;AccountName=ml;AccountKey={s};"')]),
    ("jwt", lambda m: m.jwt(sub="svc", iss="acme"), [("src/{n}.go", 'req.Header.Set("X-Auth", "{s}")')]),
    ("password in url", lambda m: m.some(PASSWORDS, 12), [("conf/{n}.yaml", "db: postgresql://ada:{s}@db7.acme.io:5432/ml"), ("src/{n}.py", 'mlflow.set_tracking_uri("https://ada:{s}@mlflow.acme.io")')]),
    ("connection string", lambda m: m.some(PASSWORDS, 12), [("conf/{n}.config", 'connectionString="Server=sql.acme.io;Database=ml;User Id=sa;Password={s};"')]),
    ("password", lambda m: m.some(PASSWORDS, 11) + m.some("!#%&", 1) + m.some("23456789", 1), [("src/{n}.py", 'password = "{s}"'), ("conf/{n}.ini", "db_password = {s}"), ("conf/{n}.yaml", "  password: {s}"), ("src/{n}.java", 'String dbPassword = "{s}";'), ("conf/{n}.properties", "spring.datasource.password={s}"), ("env{n}/.env", "export DB_PASSWORD={s}")]),
    ("api key", lambda m: m.base62(32), [("src/{n}.ts", 'const apiKey = "{s}";'), ("env{n}/.env", "VENDOR_API_KEY={s}"), ("conf/{n}.toml", 'api_key = "{s}"'), ("docker{n}/Dockerfile", "ENV VENDOR_TOKEN={s}")]),
    ("secret key", lambda m: m.hex(64), [("src/{n}.py", 'SECRET_KEY = "{s}"'), ("conf/{n}.yml", "secret_key_base: {s}")]),
    ("netrc", lambda m: m.some(PASSWORDS, 14), [("home{n}/.netrc", "machine api.acme.io login ada password {s}")]),
    ("pgpass", lambda m: m.some(PASSWORDS, 14), [("home{n}/.pgpass", "db.acme.io:5432:ml:ada:{s}")]),
    ("docker login", lambda m: base64.b64encode(b"ada:" + m.some(PASSWORDS, 14).encode()).decode(), [("home{n}/config.json", '{{"auths": {{"r.acme.io": {{"auth": "{s}"}}}}}}')]),
    ("jupyter", lambda m: m.hex(48), [("logs/{n}.log", "http://10.0.0.7:8888/lab?token={s}"), ("conf/jupyter{n}.py", 'c.ServerApp.token = "{s}"')]),
    ("bearer", lambda m: m.base62(40), [("ci/{n}.sh", 'curl -H "Authorization: Bearer {s}" https://api.acme.io')]),
    ("gitlab", lambda m: "glpat" + "-" + m.base62(20), [("ci/{n}.yml", "  TOKEN: {s}")]),
    ("sendgrid", lambda m: "SG" + "." + m.base62(22) + "." + m.base62(43), [("src/{n}.php", "$key = '{s}';")]),
    ("telegram", lambda m: m.some("123456789", 9) + ":AA" + m.base62(33), [("src/{n}.py", 'Bot("{s}")')]),
)  # fmt: skip
BLOCKS = (
    ("private key", lambda m: m.pkcs8(), "keys/{n}.pem", "{s}"),
    ("openssh key", lambda m: m.openssh(), "keys/id_{n}", "{s}"),
    ("service account", lambda m: m.pkcs8(), "conf/sa{n}.json", None),
)

# What is no secret, and looks like one to a tool that counts entropy or words.
HARMLESS = (
    ("src/h{n}.py", 'password = os.environ["DB_PASSWORD"]'), ("src/h{n}.py", "password = getpass.getpass()"), ("src/h{n}.py", 'password = ""'),
    ("src/h{n}.py", "def check(password: str, token: str) -> None: ..."), ("src/h{n}.py", 'pad_token = "<|endoftext|>"'),
    ("src/h{n}.py", 'tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased-v2")'), ("src/h{n}.py", 'CHECKSUM = "{hex64}"'),
    ("src/h{n}.py", 'sha = "{hex40}"  # of the weights'), ("src/h{n}.py", 'run_id = "{hex32}"'), ("src/h{n}.py", 'model_id = "{uuid}"'),
    ("src/h{n}.py", 'API_KEY_HEADER = "X-Vendor-Api-Key-1"'), ("src/h{n}.py", 'secret_name = "prod/ml/database-7"'),
    ("src/h{n}.py", 'raise ValueError("the password needs 8 characters, 1 digit")'), ("src/h{n}.py", 'if token == "Bearer": return'),
    ("src/h{n}.py", 'IMAGE = "data:image/png;base64,{b64}"'), ("src/h{n}.py", "key = lambda row: row.secret_token"),
    ("src/h{n}.py", 'url = "https://user:password@example.com/"'), ("src/h{n}.py", 'AWS_EXAMPLE = "AKIAIOSFODNN7EXAMPLE"'),
    ("conf/h{n}.yaml", "password: ${{DB_PASSWORD}}"), ("conf/h{n}.yaml", "api_key: <your-api-key>"), ("conf/h{n}.yaml", "image: acme/x@sha256:{hex64}"),
    ("conf/h{n}.yaml", 'password: "{{{{ vault_db_password }}}}"'), ("conf/h{n}.yaml", "tokenUrl: https://auth.acme.io/oauth2/token"),
    ("conf/h{n}.yaml", "secretName: db-credentials-7"), ("conf/h{n}.yaml", "max_tokens: 4096"), ("conf/h{n}.yaml", "id: {uuid}"),
    ("conf/h{n}.env", "DB_PASSWORD=changeme"), ("conf/h{n}.env", "API_KEY=your_api_key_here"), ("conf/h{n}.env", "SECRET_KEY=xxxxxxxxxxxxxxxxxxxx"),
    ("conf/h{n}.env", "TOKEN=$(cat /run/secrets/token)"), ("conf/h{n}.tf", "password = var.db_password"), ("conf/h{n}.tf", "secret_arn = aws_secretsmanager_secret.db.arn"),
    ("web/h{n}.ts", 'passwordLabel: "Password (at least 8)",'), ("web/h{n}.ts", "const token = await getToken(user.id);"),
    ("web/h{n}.ts", 'forgotPassword: "Forgot your password?",'), ("web/h{n}/package-lock.json", '"integrity": "sha512-{b64}==",'),
    ("web/h{n}.html", '<input type="password" name="password" id="password1">'), ("py{n}/poetry.lock", '{{file = "x.whl", hash = "sha256:{hex64}"}},'),
    ("go{n}/go.sum", "github.com/acme/x v1.2.3 h1:{b64}="), ("data/h{n}.csv", "{uuid},{hex32},{hex40},0.71"), ("data/h{n}.jsonl", '{{"id": "{hex32}", "digest": "sha256:{hex64}"}}'),
    ("logs/h{n}.log", "2026-01-02 INFO commit {hex40} deployed by ada"), ("logs/h{n}.log", "etag={hex32} request={uuid}"), ("notes/h{n}.md", "Set `token` to the value that the console shows."),
    ("notes/h{n}.md", "The secret: measure twice."), ("ansible/h{n}.yml", "$ANSIBLE_VAULT;1.1;AES256 {hex64}"), ("keys/h{n}.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b43} ada@acme"),
    ("keys/h{n}.crt", "-----BEGIN CERTIFICATE----- {b64}"), ("src/h{n}.c", "/* keyed hash: token_hash = 0x{hex32} */"), ("src/h{n}.sql", "ALTER USER ada PASSWORD :'password';"),
)  # fmt: skip


def plant(folder: Path, copies: int = 5, seed: int = 11) -> dict[tuple[str, int], str]:
    """Write it, and return the file and line of each secret → its kind."""
    make = Maker(seed)
    files: dict[str, list[str]] = {}
    planted: dict[tuple[str, int], str] = {}
    for n in range(copies):
        for kind, draw, places in FORMS:
            for name, line in places:
                path = name.format(n=n)
                lines = files.setdefault(path, [])
                lines.append(line.format(s=draw(make)))
                planted[path, len(lines)] = kind
                lines += _between(make, path)
        for kind, draw, name, text in BLOCKS:
            path = name.format(n=n)
            whole = draw(make)
            if text is None:
                whole = json.dumps(
                    {"type": "service_account", "private_key": whole, "client_email": "ml@acme.iam"}, indent=1
                )
            files[path] = whole.splitlines()
            planted[path, 3 if text is None else 1] = kind
        for name, line in HARMLESS:
            lines = files.setdefault(name.format(n=n), [])
            lines.append(
                line.format(
                    hex64=make.hex(64),
                    hex40=make.hex(40),
                    hex32=make.hex(32),
                    uuid=_uuid(make),
                    b64=make.base62(86),
                    b43=make.base62(43),
                )
            )
    for path, lines in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("\n".join(lines) + "\n")
    return planted


def _between(make: Maker, path: str) -> list[str]:
    """What stands between secrets, so that they are not one another's neighbours."""
    mark = "//" if path.endswith((".js", ".ts", ".java", ".go", ".php", ".scala")) else "#"
    if path.endswith((".json", ".pem", ".html", ".config")):
        return [""] * 3
    return [f"{mark} step {make.random.randrange(100)} of the run, see the notes"] * 12


def _uuid(make: Maker) -> str:
    return "-".join(make.hex(k) for k in (8, 4, 4, 4, 12))


def count(folder: Path) -> int:
    """Return how many files there are, git's own left out."""
    return sum(p.is_file() for p in folder.rglob("*") if ".git" not in p.parts)


def grow(folder: Path, commits: int, seed: int = 3, files: int = 300) -> list[str]:
    """Make a repository whose commits each change a few files of source; return the tokens that came and went."""
    draw, make = random.Random(seed), Maker(seed)
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    words = "def return import value model train batch epoch loss score token frame table column count index label".split()
    texts = [
        [" ".join(draw.choices(words, k=7)) for _ in range(draw.randrange(40, 260))] for _ in range(files)
    ]
    tokens: list[str] = []
    out = []
    for at in range(commits):
        out.append(
            f"commit refs/heads/main\ncommitter Ada <ada@acme.example> {1_700_000_000 + at * 3_600} +0000\ndata 6\nchange\n"
        )
        for which in range(files) if at == 0 else draw.sample(range(files), 3):
            lines = texts[which]
            for _ in range(4):
                lines[draw.randrange(len(lines))] = f"x{draw.randrange(999)} = " + " ".join(
                    draw.choices(words, k=5)
                )
            shown = list(lines)
            if at % 500 == 250:
                tokens.append(make.github())
                shown[draw.randrange(len(shown))] = f'TOKEN = "{tokens[-1]}"'
            text = "\n".join(shown) + "\n"
            out.append(f"M 644 inline src/p{which % 17}/m{which}.py\ndata {len(text)}\n{text}\n")
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input="".join(out).encode(), check=True)
    subprocess.run(["git", "reset", "-q", "--hard", "main"], cwd=folder, check=True)
    return tokens
