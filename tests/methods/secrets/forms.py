"""Secrets in the forms that files have beside one plain line: put together, escaped, on lines of their own; and what only looks so.

Each is (name of the file, its text, the line of the secret); of what is none the line is 0.
"""

import base64
import json

from tests.methods.secrets.planted import Maker

_MAKE = Maker(77)
KEY = "wJ9rXUtnF3MI/K7MDENG/" + "bPxRf1CYzq2Lm8NvTpQ"
PASS = "Tr0ub4dor" + "-kX9!vq2"
TOKEN = _MAKE.github()
API = _MAKE.base62(32)
LOGIN = base64.b64encode(f"ada:{PASS}".encode()).decode()
CLIENT = base64.b64encode(_MAKE.pkcs8().encode()).decode()


def escaped(text, form):
    return "".join(form % ord(c) for c in text)


def halves(text):
    return text[: len(text) // 2], text[len(text) // 2 :]


A, B = halves(KEY)
T1, T2 = halves(TOKEN)
P1, P2 = halves(PASS)
X1, X2 = halves(API)

FORMS = {
    # a file's own variables
    "python: two names added": (
        "a.py",
        f'first = "{A}"\nx = 1\nsecond = "{B}"\naws_secret_access_key = first + second\n',
        4,
    ),
    "python: an f-string of names": (
        "a.py",
        f'head = "{T1}"\ntail = "{T2}"\ntoken = f"{{head}}{{tail}}"\n',
        3,
    ),
    "python: an f-string of one name and a text": ("a.py", f'tail = "{T2}"\n\ntoken = f"{T1}{{tail}}"\n', 3),
    "python: joined": ("a.py", f'token = "".join(["{T1}", "{T2}"])\n', 1),
    "python: joined over lines": (
        "a.py",
        f'x = 1\ntoken = "".join(\n    [\n        "{T1}",\n        "{T2}",\n    ]\n)\n',
        2,
    ),
    "python: joined by a name": ("a.py", f'parts = ["{T1}", "{T2}"]\nuse("".join(parts))\n', 2),
    "python: percent": ("a.py", f'token = "%s%s" % ("{T1}", "{T2}")\n', 1),
    "python: format": ("a.py", f'token = "{{}}{{}}".format("{T1}", "{T2}")\n', 1),
    "python: grown by +=": ("a.py", f'token = "{T1}"\ntoken += "{T2}"\n', 2),
    "python: turned around": ("a.py", f'token = "{TOKEN[::-1]}"[::-1]\n', 1),
    "python: replaced": ("a.py", f'token = "{T1}@@{T2}".replace("@@", "")\n', 1),
    "python: an argument": ("a.py", f'head, tail = "{T1}", "{T2}"\nlogin(head + tail)\n', 2),
    "python: in a class": ("a.py", f'class A:\n    head = "{X1}"\n    api_key = head + "{X2}"\n', 3),
    "python: numbers of characters": ("a.py", f"token = bytes({[*TOKEN.encode()]}).decode()\n", 1),
    "python: chr joined": ("a.py", "token = ''.join(map(chr, " + str([*TOKEN.encode()]) + "))\n", 1),
    "python: base 64 by a name": (
        "a.py",
        f'import base64\nraw = "{base64.b64encode(TOKEN.encode()).decode()}"\ntoken = base64.b64decode(raw).decode()\n',
        3,
    ),
    "python: an unnamed argument of environ": ("a.py", f'os.environ["DB_PASSWORD"] = "{P1}" + "{P2}"\n', 1),
    # escapes
    "python: \\x": ("a.py", f'token = "{escaped(TOKEN, chr(92) + "x%02x")}"\n', 1),
    "python: \\u": ("a.py", f'token = "{escaped(TOKEN, chr(92) + "u%04x")}"\n', 1),
    "json: \\u": ("a.json", f'{{\n "x": 1,\n "api_key": "{escaped(API, chr(92) + "u%04x")}"}}\n', 3),
    "json: some \\u": ("a.json", f'{{"t": "{TOKEN.replace("_", chr(92) + "u005f")}"}}\n', 1),
    "javascript: \\u{}": ("a.js", f'const token = "{escaped(TOKEN, chr(92) + "u{%x}")}";\n', 1),
    "c: octal": ("a.c", f'const char *token = "{escaped(TOKEN, chr(92) + "%03o")}";\n', 1),
    "json: escaped slashes": (
        "a.json",
        f'{{"aws_secret_access_key": "{KEY.replace("/", chr(92) + "/")}"}}\n',
        1,
    ),
    # other languages
    "javascript: names added": (
        "a.js",
        f"const head = \"{T1}\";\nconst tail = '{T2}';\nconst token = head + tail;\n",
        3,
    ),
    "javascript: a template": ("a.ts", f'const head = "{T1}";\nconst token = `${{head}}{T2}`;\n', 2),
    "javascript: joined": ("a.js", f'const token = ["{T1}", "{T2}"].join("");\n', 1),
    "javascript: concat": ("a.js", f'const token = "{T1}".concat("{T2}");\n', 1),
    "java: names added": ("A.java", f'String head = "{T1}";\nString token = head + "{T2}";\n', 2),
    "go: names added": ("a.go", f'head := "{T1}"\ntoken := head + "{T2}"\n', 2),
    "php: dots": ("a.php", f"$token = '{T1}' . '{T2}';\n", 1),
    "shell: two names": ("a.sh", f'HEAD="{T1}"\nTAIL={T2}\nexport TOKEN="$HEAD${{TAIL}}"\n', 3),
    "shell: texts side by side": ("a.sh", f"export TOKEN='{T1}'\"{T2}\"\n", 1),
    "shell: grown": ("a.sh", f"TOKEN={T1}\nTOKEN+={T2}\n", 2),
    "make: two names": ("Makefile", f"HEAD = {T1}\nTOKEN = $(HEAD){T2}\n", 2),
    "dockerfile: two names": ("Dockerfile", f"ARG HEAD={T1}\nENV TOKEN=${{HEAD}}{T2}\n", 2),
    "env: two names": (".env", f"HEAD={T1}\nTOKEN=${{HEAD}}{T2}\n", 2),
    # YAML
    "yaml: the next line": ("a.yaml", f"db:\n  password:\n    {PASS}\n", 3),
    "yaml: a folded block": ("a.yaml", f"db:\n  api_key: >-\n    {API}\n", 3),
    "yaml: a literal block": ("a.yaml", f"aws_secret_access_key: |\n  {KEY}\n", 2),
    "yaml: name and value": ("a.yaml", f'env:\n  - name: DB_PASSWORD\n    value: "{PASS}"\n', 3),
    "yaml: name and value, unquoted": ("a.yaml", f"env:\n  - name: VENDOR_API_KEY\n    value: {API}\n", 3),
    "yaml: key and value in one": ("a.yaml", f"- {{name: DB_PASSWORD, value: {PASS}}}\n", 1),
    "json: name and value": ("a.json", f'[{{\n  "name": "DB_PASSWORD",\n  "value": "{PASS}"\n}}]\n', 3),
    "json: the value on the next line": ("a.json", f'{{"password":\n  "{PASS}"}}\n', 2),
    # XML and its like
    "plist": ("a.plist", f"<plist><dict>\n<key>ApiKey</key>\n<string>{API}</string>\n</dict></plist>\n", 3),
    "plist on one line": ("a.plist", f"<key>password</key><string>{PASS}</string>\n", 1),
    "xml: an element": (
        "a.xml",
        f"<server>\n <username>ada</username>\n <password>{PASS}</password>\n</server>\n",
        3,
    ),
    "xml: over lines": ("a.xml", f"<password>\n   {PASS}\n</password>\n", 2),
    "xml: add key and value": ("web.config", f'<add key="DbPassword" value="{PASS}" />\n', 1),
    "xml: property name and value": (
        "a.xml",
        f'<property name="hibernate.connection.password" value="{PASS}"/>\n',
        1,
    ),
    "xml: property over elements": (
        "a.xml",
        f"<property>\n<name>fs.s3a.secret.key</name>\n<value>{KEY}</value>\n</property>\n",
        3,
    ),
    "properties": ("a.properties", f"db.password={PASS}\n", 1),
    "properties: a colon": ("a.properties", f"db.password: {PASS}\n", 1),
    "properties: a space": ("a.properties", f"db.password {PASS}\n", 1),
    # Terraform
    "terraform: a variable's default": (
        "a.tf",
        f'variable "db_password" {{\n  type    = string\n  default = "{PASS}"\n}}\n',
        3,
    ),
    "terraform: a default of a key": (
        "a.tf",
        f'variable "api_key" {{\n  description = "of the vendor"\n  default     = "{API}"\n}}\n',
        3,
    ),
    "cloudformation: a parameter's default": (
        "a.yaml",
        f"Parameters:\n  DbPassword:\n    Type: String\n    Default: {PASS}\n",
        4,
    ),
    # files of logins
    "netrc": (".netrc", f"machine api.acme.io\n  login ada\n  password {PASS}\n", 3),
    "netrc on one line": (".netrc", f"machine api.acme.io login ada password {PASS}\n", 1),
    "netrc of its default": (".netrc", f"default login ada password {PASS}\n", 1),
    "netrc with an account": ("_netrc", f"machine api.acme.io login ada account x password {PASS}\n", 1),
    "pgpass": (".pgpass", "db.acme.io:5432:ml:ada:Kq7vWz9mXp2r\n", 1),
    "pgpass with an escaped colon": (".pgpass", "db.acme.io:*:*:ada:Kq7v\\:Wz9mXp2r\n", 1),
    "npmrc: password": (".npmrc", f"//r.acme.io/:_password={base64.b64encode(PASS.encode()).decode()}\n", 1),
    "npmrc: auth": (".npmrc", f"//r.acme.io/:_auth={LOGIN}\n", 1),
    "npmrc: a uuid": (".npmrc", "//r.acme.io/:_authToken=0f3c9a7e-5b1d-4c2a-9e8f-7d6b5a4c3e21\n", 1),
    "pypirc": (
        ".pypirc",
        f"[acme]\nrepository = https://pypi.acme.io\nusername = ada\npassword = {PASS}\n",
        4,
    ),
    "pip.conf": ("pip.conf", f"[global]\nindex-url = https://ada:{P1}9x@pypi.acme.io/simple\n", 2),
    "docker": ("config.json", f'{{"auths": {{"r.acme.io": {{"auth": "{LOGIN}"}}}}}}\n', 1),
    "docker over lines": (
        ".docker/config.json",
        f'{{\n "auths": {{\n  "r.acme.io": {{\n   "auth":\n    "{LOGIN}"\n  }}\n }}\n}}\n',
        5,
    ),
    "docker: user and password": (
        "config.json",
        f'{{"auths": {{"r.acme.io": {{"username": "ada", "password": "{PASS}"}}}}}}\n',
        1,
    ),
    "docker: identity token": (
        "config.json",
        f'{{"auths": {{"r.acme.io": {{"identitytoken": "{API}"}}}}}}\n',
        1,
    ),
    "kubernetes: dockerconfigjson": (
        "s.yaml",
        "kind: Secret\napiVersion: v1\ntype: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: "
        + base64.b64encode(json.dumps({"auths": {"r.acme.io": {"auth": LOGIN}}}).encode()).decode()
        + "\n",
        5,
    ),
    "kubeconfig: key": ("kubeconfig", f"users:\n- name: ada\n  user:\n    client-key-data: {CLIENT}\n", 4),
    "kubeconfig: key on the next line": (
        "kubeconfig",
        f"users:\n- name: ada\n  user:\n    client-key-data: >-\n      {CLIENT}\n",
        5,
    ),
    "kubeconfig: token": ("kubeconfig", f"users:\n- name: ada\n  user:\n    token: {API}\n", 4),
    "kubeconfig: json": ("config", f'{{"users": [{{"user": {{"client-key-data": "{CLIENT}"}}}}]}}\n', 1),
    "kubeconfig: password": ("kubeconfig", f"users:\n- user:\n    username: ada\n    password: {PASS}\n", 4),
    "git credentials": (".git-credentials", f"https://ada:{TOKEN}@github.com\n", 1),
    "maven": (
        "settings.xml",
        f"<server><id>a</id><username>ada</username><password>{PASS}</password></server>\n",
        1,
    ),
    "my.cnf": (".my.cnf", f"[client]\nuser=ada\npassword={PASS}\n", 3),
    "s3cfg": (".s3cfg", f"access_key = {_MAKE.aws_id()}\nsecret_key = {KEY}\n", 2),
    "rclone": ("rclone.conf", f"[s3]\ntype = s3\nsecret_access_key = {KEY}\n", 3),
    "dotenv with an export": (".envrc", f"export API_KEY='{API}'\n", 1),
}

# The same forms around what is no secret.
NONE = {
    "python: names of words": ("a.py", 'first = "us-east"\nsecond = "-1"\ntoken_name = first + second\n', 0),
    "python: a prompt": ("a.py", 'who = "Ada"\nprint("the password of " + who + " is asked for")\n', 0),
    "python: a path": ("a.py", 'base = "/run/secrets"\ntoken_path = base + "/token-7"\n', 0),
    "python: an f-string of the environment": (
        "a.py",
        'import os\nhost = os.environ["H"]\nurl = f"https://{host}/token/v1"\n',
        0,
    ),
    "python: joined words": ("a.py", 'keys = ["api_key", "token", "secret"]\nprint(", ".join(keys))\n', 0),
    "python: escapes that are no text": ("a.py", 'token = "\\x1b[31m\\x1b[0m\\x00\\xff"\n', 0),
    "python: a placeholder": ("a.py", 'head = "your-"\ntoken = head + "api-key-here"\n', 0),
    "shell: other names": (
        "a.sh",
        'HOST=db.acme.io\nTOKEN_URL="https://$HOST/oauth/token1"\nPASSWORD="$(cat /run/secrets/p)"\n',
        0,
    ),
    "shell: from outside": ("a.sh", 'PASSWORD="${DB_PASSWORD}"\nTOKEN=${1:-none}\n', 0),
    "yaml: a mapping under a password": ("a.yaml", "password:\n  secretKeyRef: db-credentials-7\n", 0),
    "yaml: a list under tokens": ("a.yaml", "token:\n  - Bearer-2\n  - basic-1\n", 0),
    "yaml: from a secret": (
        "a.yaml",
        "env:\n  - name: DB_PASSWORD\n    valueFrom:\n      secretKeyRef:\n        name: db-login-7\n        key: password1\n",
        0,
    ),
    "yaml: a place to fill in": ("a.yaml", "- name: DB_PASSWORD\n  value: ${DB_PASSWORD}\n", 0),
    "yaml: a name that is none": ("a.yaml", "- name: MAX_TOKENS\n  value: 4096k7Zp2\n", 0),
    "yaml: another's value": ("a.yaml", "- name: DB_PASSWORD\n- name: COMMIT\n  value: Kq7vWz9mXp2rT\n", 0),
    "yaml: a description": ("a.yaml", "password:\n  # at least 8 characters, 1 digit\n  type: string\n", 0),
    "plist: a name": ("a.plist", "<key>NSTokenFieldIdentifier</key>\n<string>field-7-of-3</string>\n", 0),
    "xml: an empty one": ("a.xml", "<password></password><username>ada7Kq7vWz9mXp2r</username>\n", 0),
    "xml: from outside": ("a.xml", '<property name="password" value="${db.password}"/>\n', 0),
    "terraform: no default": (
        "a.tf",
        'variable "db_password" {\n  type = string\n}\nvariable "region" {\n  default = "eu-west-1"\n}\n',
        0,
    ),
    "terraform: another variable": ("a.tf", 'variable "token_ttl" {\n  default = "Kq7vWz9mXp2r8Lm"\n}\n', 0),
    "docker: a helper": ("config.json", '{"auths": {"r.acme.io": {}}, "credsStore": "ecr-login"}\n', 0),
    "kubeconfig: a certificate": (
        "kubeconfig",
        "  certificate-authority-data: "
        + base64.b64encode(b"-----BEGIN CERTIFICATE-----" + b"x" * 90).decode()
        + "\n",
        0,
    ),
    "json: escapes of words": ("a.json", '{"password": "\\u0050asswort vergessen?"}\n', 0),
    "netrc: a place to fill in": (".netrc", "machine api.acme.io login ada password <password>\n", 0),
    "pypirc: from a keyring": (".pypirc", "[pypi]\nusername = __token__\npassword = ${PYPI_TOKEN}\n", 0),
}
