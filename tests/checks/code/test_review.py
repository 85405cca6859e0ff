"""code.review: programs that do it, their twins that do not, and patches that mend them."""

import ast
import json
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.methods.secrets.planted import Maker

from assay.checks.code.review import _walk
from assay.methods.review.python.program import Unreadable
from assay.methods.review.spot import edited, patch
from assay.works.checking import carry_out

FLASK = "from flask import Flask, request\napp = Flask('x')\n@app.route('/x')\ndef x():\n"
FAST = "from fastapi import FastAPI\napp = FastAPI()\n@app.post('/x')\ndef x(name: str):\n"
FOUND = [
    # a caller's words end up somewhere
    (FLASK + "    import os\n    os.system('ls ' + request.args['d'])", "shell", "critical"),
    (FAST + "    import subprocess\n    subprocess.run(f'ls {name}', shell=True)", "shell", "critical"),
    (FLASK + "    cmd = ['ls', request.form['d']]\n    import subprocess\n    subprocess.Popen(' '.join(cmd), shell=True)", "shell", "critical"),
    ("import sys, os\nos.system('rm ' + sys.argv[1])", "shell", "medium"),
    ("import ssl\nc = ssl.create_default_context()\nc.verify_mode = ssl.CERT_NONE", "no_verification", "high"),
    ("import ssl\nc = ssl.create_default_context()\nc.check_hostname = False", "no_verification", "high"),
    ("import urllib3\nurllib3.PoolManager(cert_reqs='CERT_NONE')", "no_verification", "high"),
    ("import socket, pickle\nc, _ = socket.socket().accept()\npickle.loads(c.recv(9))", "pickle_load", "critical"),
    ("import pandas\npandas.read_pickle('https://x.example.org/a.pkl')", "pickle_load", "critical"),
    ("import random\nreset_token = random.randint(0, 9)", "weak_chance", "medium"),
    # through what stands above a class, a property, a first parameter of any name, a path that is put together, clients that wait
    ("import os\nclass B:\n    def __init__(self, c):\n        self.c = c\n    def go(self):\n        os.system(self.c)\n"
     "class A(B):\n    def __init__(self, c):\n        super().__init__(c)\n" + FLASK + "    A(request.args['c']).go()", "shell", "critical"),
    ("import os\nclass B:\n    def run(self, c):\n        os.system(c)\nclass A(B):\n    def go(self, c):\n        super().run(c)\n"
     + FLASK + "    A().go(request.args['c'])", "shell", "critical"),
    (FLASK + "    os.system(A().c)\nimport os\nclass A:\n    @property\n    def c(self):\n        return request.args['c']\n"
     "    @c.setter\n    def c(self, v):\n        pass\n", "shell", "critical"),
    ("import os\nclass A:\n    @classmethod\n    def go(klass, c):\n        os.system(c)\n" + FLASK + "    A.go(request.args['c'])", "shell", "critical"),
    ("import os\nfrom django.views import View\nclass V(View):\n    def post(self, request):\n        os.system(request.POST['c'])", "shell", "critical"),
    ("import os\nfrom flask.views import MethodView\nclass V(MethodView):\n    def post(self, name):\n        os.system(name)", "shell", "critical"),
    (FLASK + "    import pathlib\n    (pathlib.Path('/data') / request.args['f']).read_text()", "path", "high"),
    ("import httpx, pickle\nasync def f():\n    async with httpx.AsyncClient() as c:\n        pickle.loads((await c.get('https://x')).content)", "pickle_load", "critical"),
    ("import aiohttp, pickle\nasync def f():\n    async with aiohttp.ClientSession() as s, s.get('https://x') as r:\n        pickle.loads(await r.read())", "pickle_load", "critical"),
    (FLASK + "    import os\n    q = request.args['q']\n    match q:\n        case 'a':\n            pass\n        case _:\n            os.system(q)", "shell", "critical"),
    ("import os\ndef run(c):\n    os.system(c)\n" + FLASK + "    run(request.args['d'])", "shell", "critical"),
    ("import os\ndef made(c):\n    return 'ls ' + c\n" + FLASK + "    os.system(made(request.args['d']))", "shell", "critical"),
    (FLASK + "    con.execute('SELECT * FROM t WHERE n = \\'%s\\'' % request.args['n'])", "sql", "critical"),
    (FLASK + "    q = 'SELECT * FROM t WHERE n = '\n    q += request.args['n']\n    con.cursor().execute(q)", "sql", "critical"),
    (FLASK + "    import pandas as pd\n    pd.read_sql('SELECT * FROM {}'.format(request.args['t']), con)", "sql", "critical"),
    ("def f(t):\n    con.execute(f'DELETE FROM {t}')", "sql", "low"),
    (FLASK + "    return eval(request.data)", "eval", "critical"),
    ("import requests\nexec(requests.get(u).text)", "eval", "critical"),
    (FLASK + "    import requests\n    return requests.get(request.args['u']).text", "ssrf", "high"),
    (FLASK + "    return open('/data/' + request.args['f']).read()", "path", "high"),
    (FLASK + "    from pathlib import Path\n    return Path(request.args['f']).read_text()", "path", "high"),
    (FLASK + "    from flask import render_template_string\n    return render_template_string(request.args['t'])", "template", "high"),
    (FLASK + "    import xml.etree.ElementTree as ET\n    ET.fromstring(request.data)", "xml", "medium"),
    ("from lxml import etree\nP = etree.XMLParser(resolve_entities=True)", "xml", "high"),
    ("def lambda_handler(event, context):\n    import os\n    os.system(event['c'])", "shell", "critical"),
    ("def input_fn(request_body, kind):\n    import pickle\n    return pickle.loads(request_body)", "pickle_load", "critical"),
    # loading
    ("import pickle\npickle.load(open('m.pkl', 'rb'))", "pickle_load", "low"),
    ("import joblib, urllib.request\np, _ = urllib.request.urlretrieve(u)\njoblib.load(p)", "joblib_load", "critical"),
    ("import boto3, joblib\ns = boto3.client('s3')\ns.download_file('b', 'k', 'm.joblib')\njoblib.load('m.joblib')", "joblib_load", "critical"),
    ("import requests, pickle\nwith open('m', 'wb') as f:\n    f.write(requests.get(u).content)\npickle.load(open('m', 'rb'))", "pickle_load", "critical"),
    ("from huggingface_hub import hf_hub_download as d\nimport joblib\njoblib.load(d('a/b', 'm', revision='0' * 40))", "joblib_load", "critical"),
    ("import torch\ntorch.load('m.pt')", "torch_load", "medium"),
    ("import torch as t\nt.load('m.pt', map_location='cpu', weights_only=False)", "torch_load", "high"),
    ("import numpy as np\nnp.load('a.npy', allow_pickle=True)", "allow_pickle", "medium"),
    ("import yaml\nyaml.load(f)", "yaml_load", "medium"),
    ("import yaml\nyaml.load(f, Loader=yaml.Loader)", "yaml_load", "medium"),
    ("from transformers import AutoModel\nAutoModel.from_pretrained(p, trust_remote_code=True)", "trust_remote_code", "high"),
    ("import keras\nkeras.models.load_model('m', safe_mode=False)", "keras_unsafe", "high"),
    # versions
    ("from transformers import AutoModel\nAutoModel.from_pretrained('bert-base-uncased')", "unpinned_revision", "medium"),
    ("from transformers import pipeline\npipeline('text-classification', model='a/b')", "unpinned_revision", "medium"),
    ("from datasets import load_dataset\nload_dataset('imdb', revision='main')", "unpinned_revision", "low"),
    ("import torch\ntorch.hub.load('pytorch/vision', 'resnet18')", "unpinned_revision", "high"),
    # fetching
    ("import pandas as pd\npd.read_csv('http://data.example.org/train.csv')", "plain_http", "medium"),
    ("import requests\nrequests.get('https://x.example.org', verify=False)", "no_verification", "high"),
    ("import ssl\nssl._create_default_https_context = ssl._create_unverified_context", "no_verification", "high"),
    ("import paramiko\nc = paramiko.SSHClient()\nc.set_missing_host_key_policy(paramiko.AutoAddPolicy())", "host_key", "medium"),
    # SageMaker
    ("from sagemaker.estimator import Estimator\nEstimator(image, role, instance_count=2)", "sagemaker_training", "high"),
    ("import sagemaker\nsagemaker.sklearn.SKLearn('t.py', enable_network_isolation=True)", "sagemaker_training", "medium"),
    ("from sagemaker.processing import ScriptProcessor\nScriptProcessor(role=r)", "sagemaker_processing", "high"),
    ("from sagemaker.network import NetworkConfig\nNetworkConfig(subnets=s)", "sagemaker_network", "medium"),
    ("import sagemaker\nrole = sagemaker.get_execution_role()\nARN = 'arn:aws:iam::aws:policy/AmazonSageMakerFullAccess'", "full_access", "high"),
    ("from sagemaker import get_execution_role\nrole = get_execution_role()", "execution_role", "info"),
    # the same by the service's API, and by version 3 of its SDK
    ("sm.create_training_job(AlgorithmSpecification={}, ResourceConfig={'InstanceCount': 2, 'VolumeKmsKeyId': k})", "sagemaker_training", "high"),
    ("sm.create_training_job(AlgorithmSpecification={}, EnableNetworkIsolation=True, ResourceConfig={'InstanceCount': 2, 'VolumeKmsKeyId': k})", "sagemaker_training", "medium"),
    ("sm.create_processing_job(ProcessingResources=r)", "sagemaker_processing", "high"),
    ("sm.create_processing_job(ProcessingResources=r, NetworkConfig={'EnableNetworkIsolation': True})", "sagemaker_processing", "medium"),
    ("sm.create_model(ModelName='m', ExecutionRoleArn='r')", "sagemaker_network", "high"),
    ("import boto3\nboto3.client('sagemaker').create_notebook_instance(NotebookInstanceName='n')", "notebook_internet", "high"),
    ("from sagemaker.train import ModelTrainer\nModelTrainer(training_image=i)", "sagemaker_training", "high"),
    ("from sagemaker.train.configs import Networking\nNetworking(subnets=s, enable_network_isolation=True)", "sagemaker_network", "medium"),
    # a download by its path, and through a function of one's own
    ("import requests, joblib\ndef got(u, to):\n    with open(to, 'wb') as o:\n        o.write(requests.get(u, timeout=3).content)\n    return to\njoblib.load(got(u, 'm'))", "joblib_load", "critical"),
    ("import requests, joblib\nfrom pathlib import Path\np = Path('m')\np.write_bytes(requests.get(u, timeout=3).content)\njoblib.load(p)", "joblib_load", "critical"),
    ("import requests, joblib\nfrom pathlib import Path\np = Path('m')\nwith p.open('wb') as o:\n    o.write(requests.get(u, timeout=3).content)\njoblib.load(p)", "joblib_load", "critical"),
    ("import joblib, shutil, urllib.request\nwith urllib.request.urlopen(u) as r, open('m', 'wb') as o:\n    shutil.copyfileobj(r, o)\njoblib.load('m')", "joblib_load", "critical"),
    # keys
    ("import boto3\nboto3.client('s3', aws_access_key_id='A', aws_secret_access_key='B')", "boto3_keys", "high"),
    ("import boto3, os\nboto3.Session(aws_access_key_id=os.environ['A'])", "boto3_keys", "low"),
    ("import snowflake.connector\nsnowflake.connector.connect(user='u', password='p')", "written_secret", "high"),
    # secrecy
    ("import hashlib\nhashlib.md5(data)", "weak_hash", "low"),
    ("import hashlib\nhashlib.sha1(password.encode())", "weak_hash", "high"),
    ("from Crypto.Cipher import DES\nDES.new(k)", "weak_cipher", "high"),
    ("from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes\nCipher(algorithms.AES(k), modes.ECB())", "weak_cipher", "high"),
    ("import random\nreset_token = ''.join(random.choice('abc') for _ in range(9))", "weak_chance", "medium"),
    ("import tempfile\np = tempfile.mktemp()", "temporary_name", "medium"),
    # services
    ("from flask import Flask\napp = Flask('x')\napp.run(debug=True)", "debugger", "high"),
    ("import uvicorn\nuvicorn.run(app, host='0.0.0.0')", "every_address", "low"),
    ("import gradio as gr\ngr.Interface(f, 'text', 'text').launch(share=True)", "public_share", "high"),
    ("import tarfile\ntarfile.open('m.tar').extractall('d')", "tar", "medium"),
    ("import tarfile, urllib.request\np, _ = urllib.request.urlretrieve(u)\nwith tarfile.open(p) as t:\n    t.extractall()", "tar", "high"),
    # telemetry, training
    (FLASK + "    import logging\n    logging.info('asked %s', request.json)", "raw_input_logged", "medium"),
    (FAST + "    logger.info(f'asked {name}')", "raw_input_logged", "medium"),
    ("from sklearn.model_selection import train_test_split\na, b = train_test_split(x)", "no_seed", "low"),
    ("from sklearn.ensemble import RandomForestClassifier as R\nm = R()\nm.fit(X, y)\nprint(m.score(X, y))", "judged_on_training_data", "medium"),
    ("from sklearn.metrics import f1_score\nm = M()\nm.fit(X, y)\nprint(f1_score(y, m.predict(X)))", "judged_on_training_data", "medium"),
    ("m = M()\nk = M()\nm.fit(X, y)\nk.fit(A, b)\nm.score(X, y)\nk.score(X, y)", "judged_on_training_data", "medium"),
    ("from sklearn.metrics import f1_score\nm = M()\nm.fit(X, y)\np = m.predict(X)\nf1_score(y, p)", "judged_on_training_data", "medium"),
    # what bandit names too
    ("import requests\nrequests.get('https://x.example.org')", "no_timeout", "low"),
    ("import requests\nrequests.Session().post(u, timeout=None)", "no_timeout", "low"),
    ("import httpx\nhttpx.AsyncClient(timeout=None)", "no_timeout", "low"),
    ("from pysnmp.hlapi import CommunityData\nCommunityData('public', mpModel=0)", "clear_text", "medium"),
    ("from pysnmp.hlapi import UsmUserData\nUsmUserData('u', 'auth')", "clear_text", "medium"),
    ("from wsgiref.handlers import CGIHandler\nCGIHandler().run(app)", "cgi", "medium"),
    ("import os\nos.system('tar xzf *')", "wildcard", "medium"),
    ("import subprocess as s\ns.run('cd /models && chown -R ml *', shell=True)", "wildcard", "medium"),
    ("import subprocess\ndef f(c):\n    subprocess.run(c, shell=True)", "shell", "low"),
    ("import os\ndef f(c):\n    os.popen(c)", "shell", "low"),
    ("def f(c, ctx):\n    ctx.run(c, shell=True)", "shell", "low"),
    ("from django.db.models.expressions import RawSQL\ndef f(q):\n    return RawSQL(q, [])", "sql", "low"),
    ("import django\ndef f(q):\n    return User.objects.all().extra(where=[q])", "sql", "low"),
    (FLASK + "    import django\n    return User.objects.extra({'a': request.args['q']})", "sql", "critical"),
    ("def f(n):\n    cur.execute('SELECT a FROM t WHERE n = X'.replace('X', n))", "sql", "low"),
    ("from mako.template import Template\nTemplate('x ${y}')", "no_escaping", "low"),
    ("from django.utils.safestring import mark_safe\ndef f(x):\n    return mark_safe(x)", "no_escaping", "low"),
    ("from xml.etree import ElementTree as ET\ndef f(p):\n    return ET.parse(p)", "xml", "info"),
    ("import xml.sax\nxml.sax.make_parser()", "xml", "info"),
    ("import ssl\ndef f(version=ssl.PROTOCOL_SSLv3):\n    pass", "old_tls", "medium"),
    ("from cryptography.hazmat.primitives.asymmetric import ec\nec.generate_private_key(ec.SECP192R1())", "weak_key", "high"),
    ("import crypt\ncrypt.mksalt(crypt.METHOD_MD5)", "weak_hash", "low"),
    ("import tarfile\nt = tarfile.open('m.tar')\nt.extractall('d', filter='fully_trusted')", "tar", "medium"),
    ("import shutil, urllib.request\np, _ = urllib.request.urlretrieve(u)\nshutil.unpack_archive(p, 'd', filter='fully_trusted')", "tar", "high"),
    ("import jsonpickle\njsonpickle.unpickler.Unpickler().restore(x)", "pickle_load", "low"),
    ("open('/tmp/model.bin', 'wb')", "temporary_name", "low"),
    # what is not to be called so
    ("import ssl\nssl.SSLContext(ssl.PROTOCOL_SSLv3)", "old_tls", "high"),
    ("import ssl\nssl.wrap_socket(s)", "old_tls", "medium"),
    ("from cryptography.hazmat.primitives.asymmetric import rsa\nrsa.generate_private_key(65537, 1024)", "weak_key", "high"),
    ("from Cryptodome.PublicKey import RSA\nRSA.generate(bits=512)", "weak_key", "high"),
    ("from Cryptodome.Cipher import Blowfish as B\nB.new(k, B.MODE_CBC)", "weak_cipher", "high"),
    ("from Crypto.Hash import MD2 as m\nm.new()", "weak_hash", "low"),
    ("import ftplib\nftplib.FTP('h')", "clear_text", "medium"),
    ("import os\nos.chmod('m', 0o666)", "world_writable", "medium"),
    ("from markupsafe import Markup\ndef f(x):\n    return Markup(f'<b>{x}</b>')", "no_escaping", "low"),
    (FLASK + "    from markupsafe import Markup\n    return Markup(request.args['x'])", "no_escaping", "high"),
    ("import logging.config\nlogging.config.listen(9999)", "eval", "medium"),
    ("s.bind(('0.0.0.0', 80))", "every_address", "low"),
    ("if level != 'none\u202e\u2066':\n    pass", "hidden_text", "high"),
]  # fmt: skip
CLEAN = [
    FLASK + "    import os\n    n = int(request.args['n'])\n    os.system(f'sleep {n}')",
    FLASK + "    import subprocess\n    subprocess.run(['ls', request.args['d']])",
    FLASK + "    import os, shlex\n    os.system('ls ' + shlex.quote(request.args['d']))",
    FLASK + "    d = request.args['d']\n    if d not in ('a', 'b'):\n        return 'no'\n    import os\n    os.system('ls ' + d)",
    FLASK + "    d = request.args['d']\n    if d in ('a', 'b'):\n        import os\n        os.system('ls ' + d)",
    FLASK + "    con.execute('SELECT * FROM t WHERE n = ?', (request.args['n'],))",
    FLASK + "    import os\n    return open(os.path.join('d', os.path.basename(request.args['f']))).read()",
    FLASK + "    import requests\n    return requests.get('https://api.example.org/x/' + request.args['i'], timeout=9).text",
    FLASK + "    import ast\n    return ast.literal_eval(request.args['x'])",
    "import requests, httpx\nrequests.get(u, timeout=3)\nhttpx.get(u)\nrequests.post(u, **more)",
    "from pysnmp.hlapi import CommunityData, UsmUserData\nCommunityData('public')\nUsmUserData('u', 'auth', 'priv')",
    "import os, subprocess\nos.system('tar xzf ./*')\nos.system('chown ml -- *')\nsubprocess.run(['tar', 'xzf', '*'])\nos.system('ls *')",
    "import subprocess\nc = 'make'\nsubprocess.run(c, shell=True)\nsubprocess.run('{} -j'.format(c), shell=True)\nsubprocess.run('%s -j' % c, shell=True)\nsubprocess.run(f'{c} -j', shell=True)",
    "from django.db.models.expressions import RawSQL\nRawSQL('SELECT 1', [x])\nUser.objects.extra(where=['a = %s'], params=[x])",
    "from xml.etree import ElementTree as ET\nET.fromstring('<a/>')\nopen('/tmp/a')\nopen('/data/a', 'w')",
    "from cryptography.hazmat.primitives.asymmetric import ec\nec.generate_private_key(ec.SECP256R1())",
    "import os\nos.system('ls')",
    "import os\nos.system('ls ' + '-l')",
    "eval('1 + 1')",
    "import torch\ntorch.load('m.pt', weights_only=True)",
    "import yaml\nyaml.safe_load(f)\nyaml.load(f, Loader=yaml.SafeLoader)\nyaml.load(f, yaml.CSafeLoader)",
    "import numpy as np\nnp.load('a.npy')\nnp.load('a.npy', allow_pickle=False)",
    "from transformers import AutoModel\nAutoModel.from_pretrained('./mine')\nAutoModel.from_pretrained('a/b', revision='" + "a1" * 20 + "')",
    "from datasets import load_dataset\nload_dataset('csv', data_files='x.csv')",
    "import pandas as pd\npd.read_csv('http://localhost:8000/x.csv')\npd.read_csv('https://data.example.org/x.csv')",
    "import boto3\nboto3.client('s3')\nboto3.Session(profile_name='p')",
    "import hashlib\nhashlib.sha256(password)\nhashlib.md5(name, usedforsecurity=False)",
    "import secrets\ntoken = secrets.token_hex()",
    "import random\nepoch = random.random()",
    "import tarfile\ntarfile.open('m.tar').extractall('d', filter='data')",
    "import shutil, urllib.request\np, _ = urllib.request.urlretrieve(u)\nshutil.unpack_archive(p, 'd', filter='data')",
    "from sklearn.model_selection import train_test_split, KFold\na, b = train_test_split(x, random_state=1)\nKFold(5)",
    "import numpy as np\nnp.random.seed(0)\nfrom sklearn.model_selection import train_test_split\na, b = train_test_split(x)",
    "m = M()\na, b, c, d = split(X, y)\nm.fit(a, c)\nprint(m.score(b, d))",
    "from sagemaker.estimator import Estimator\nEstimator(i, r, instance_count=1, enable_network_isolation=True, volume_kms_key=k, output_kms_key=k, subnets=s)",
    "from sagemaker.estimator import Estimator\nEstimator(**options)",
    "m = M()\nm.fit(X, y)\nprint(m.score(X, y), m.score(A, b))",
    "sm.create_training_job(AlgorithmSpecification={}, EnableNetworkIsolation=True, ResourceConfig={'InstanceCount': 1, 'VolumeKmsKeyId': k})",
    "sm.create_training_job(**options)\nsm.create_processing_job(ProcessingResources=r, NetworkConfig=n)",
    "import timm\ntimm.create_model('resnet18')\nsm.create_notebook_instance(NotebookInstanceName='n', DirectInternetAccess='Disabled')",
    "from sagemaker.train import ModelTrainer\nfrom sagemaker.train.configs import Networking\nModelTrainer(networking=Networking(enable_network_isolation=True, enable_inter_container_traffic_encryption=True))",
    "import joblib\nwith open('m', 'rb') as f:\n    joblib.hash(f.read())",
    "def run(request):\n    pass\nimport pickle",
    "import ssl, os\nssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\nos.chmod('m', 0o640)\nfrom markupsafe import Markup\nMarkup('<b>')\ns.bind(('127.0.0.1', 0))",
    "class A:\n    def execute(self, q):\n        pass\nA().execute('x')",
]  # fmt: skip


def named(text):
    return {(s.rule, str(s.severity)) for s in _walk.python(text)}


@pytest.mark.parametrize(("text", "rule", "severity"), FOUND, ids=range(len(FOUND)))
def test_it_is_found_and_how_grave_it_is(text, rule, severity):
    assert (rule, severity) in named(text)


@pytest.mark.parametrize("text", CLEAN, ids=range(len(CLEAN)))
def test_its_twin_that_does_not_is_left_alone(text):
    assert {n for n in named(text) if n[1] != "info"} == set()


def test_a_request_that_is_laid_out_before_is_read_as_one_that_is_not():
    text = "r = {'AlgorithmSpecification': {}, 'EnableNetworkIsolation': False}\nsm.create_training_job(**r)"
    assert named(text) == {("sagemaker_training", "high")}


MENDED = {"torch_load", "allow_pickle", "yaml_load", "plain_http", "no_verification", "debugger", "tar", "no_seed", "weak_hash",
          "sagemaker_training", "sagemaker_network"}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        t
        for t, r, s in FOUND
        if r in MENDED
        and (r, s) != ("weak_hash", "high")
        and "ssl." not in t
        and "Crypto.Hash" not in t
        and "import crypt" not in t
    ],
)
def test_what_it_mends_is_python_and_no_longer_found(text):
    spots = [s for s in _walk.python(text) if s.edits]
    assert spots
    mended = edited(text, [e for s in spots for e in s.edits])
    ast.parse(mended)
    after = {s.rule for s in _walk.python(mended)}
    assert not {s.rule for s in spots} & after


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (
            "import yaml\nyaml.load(f, Loader=yaml.Loader)",
            "import yaml\nyaml.load(f, Loader=yaml.SafeLoader)",
        ),
        ("import yaml as y\ny.load(f, y.CLoader)", "import yaml as y\ny.load(f, y.CSafeLoader)"),
        (
            "import yaml\nyaml.load_all(f, Loader=yaml.UnsafeLoader)",
            "import yaml\nyaml.load_all(f, Loader=yaml.SafeLoader)",
        ),
        ("from yaml import load, Loader\nload(f, Loader=Loader)", None),
        ("import yaml\nyaml.load(*f, **{'Loader': yaml.Loader})", None),
        ("import yaml, ours\nyaml.load(f, Loader=ours.Loader)", None),
    ],
)
def test_a_loader_of_yaml_that_is_written_out_becomes_the_safe_one(text, mended):
    spots = [s for s in _walk.python(text) if s.rule == "yaml_load"]
    edits = [e for s in spots for e in s.edits]
    assert spots and (edited(text, edits) if edits else None) == mended


@pytest.mark.parametrize(
    "call",
    ["Estimator()", "Estimator(a)", "Estimator(a,)", "Estimator(a, b=1, )", "Estimator(\n    a,\n    b=1,\n)", "Estimator(\n    a,\n    b=1\n)",
     "Estimator(\n  a,  # why, and (how)\n)", "Estimator(a,\n          b='ü')"],
)  # fmt: skip
def test_arguments_are_added_in_every_style_of_writing(call):
    text = f"from sagemaker.estimator import Estimator\nx = {call}\ny = 'ü'\n"
    mended = edited(text, [e for s in _walk.python(text) for e in s.edits])
    names = {k.arg for n in ast.walk(ast.parse(mended)) if isinstance(n, ast.Call) for k in n.keywords}
    assert {
        "enable_network_isolation",
        "volume_kms_key",
        "output_kms_key",
        "encrypt_inter_container_traffic",
    } <= names


def test_an_argument_is_put_below_the_others_as_they_stand():
    """Behind named arguments of a call over several lines it stood as far in as their values."""
    text = "from sagemaker.pytorch import PyTorch\nPyTorch(\n    role=role,\n    instance_count=1,\n    subnets=[\n        a,\n    ],\n)\n"
    mended = edited(text, [e for s in _walk.python(text) for e in s.edits])
    added = mended.splitlines()[7:-1]
    assert added == [
        f"    {a},"
        for a in ("enable_network_isolation=True", "volume_kms_key=kms_key", "output_kms_key=kms_key")
    ]
    ast.parse(mended)


def test_the_patch_is_one_that_git_applies(tmp_path):
    folder = tmp_path / "code"
    (folder / "in").mkdir(parents=True)
    for name, text in (
        ("a.py", "import torch\ntorch.load('m')\n"),
        ("in/b.py", "import yaml\nx = yaml.load(f)"),
    ):
        (folder / name).write_text(text)
    verdict = carry_out("check", "code.review", str(folder), {}, home=None, keep=tmp_path / "out")
    assert verdict.report.coverage.examined == 2
    done = subprocess.run(
        ["git", "apply", tmp_path / "out" / "review.patch"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "a.py").read_text() == "import torch\ntorch.load('m', weights_only=True)\n"
    assert (folder / "in/b.py").read_text() == "import yaml\nx = yaml.safe_load(f)"


@pytest.mark.parametrize(
    "body",
    [
        "os.system({'a': 'ls', 'b': 'ps'}.get(request.args['q'], 'ls'))",
        "os.system({'a': 'ls'}[request.args['q']])",
        "match request.args['q']:\n        case 'ls' | 'ps' as q:\n            os.system(q)",
        "q = request.args['q']\n    match q:\n        case 'ls':\n            os.system(q)",
        "p = (pathlib.Path('/data') / request.args['f']).resolve()\n    if not p.is_relative_to('/data'):\n        abort(404)\n    p.read_text()",
    ],
)
def test_what_one_of_a_list_is_chosen_by_is_not_what_is_run(body):
    """A table of the program's own, a case that is written out, and a path that was seen to lie in its folder raised alarms."""
    assert not _walk.python(f"import os, pathlib\n{FLASK}    {body}")


def test_what_no_weakness_of_the_list_is_names_none(tmp_path):
    (tmp_path / "a.py").write_text(
        "from sklearn.model_selection import train_test_split\ntrain_test_split(x)"
    )
    (found,) = carry_out("check", "code.review", str(tmp_path), {}, home=None).report.findings
    assert found.rule == "code.review.no_seed" and found.refs == ()


@pytest.mark.parametrize(
    "cell",
    [
        "said = ('%s'\n    % name)",
        "%%time\nsaid = ('%s'\n    % name)",
        "said = '%s' \\\n    % name",
        "!pip install a \\\n    b",
        "x = 'a\u2028b'",
        'ask = """\n% of (\n"""',
        "y = (a\n    != b)",
    ],
)
def test_a_cell_is_read_whatever_its_lines_begin_with(cell):
    """A line that went on with % was taken for a magic, and the notebook, or that cell without a word, was not read."""
    cells = [
        {"cell_type": "code", "source": one} for one in (f"{cell}\nimport pickle\npickle.load(f)", "x = 1")
    ]
    found = _walk.read("a.ipynb", "", json.dumps({"nbformat": 4, "cells": cells}))
    assert [s.rule for s in found.spots] == ["pickle_load"]


@pytest.mark.parametrize(
    ("program", "mended"),
    [
        ("import requests\nrequests.get((\n  'https://x'\n))\n", "import requests\nrequests.get((\n  'https://x'\n), timeout=60)\n"),
        ("import requests\nrequests.get((u), )\n", "import requests\nrequests.get((u), timeout=60)\n"),
        ("from yaml import load as x\nx(f)\n", "from yaml import load as x\nx(f)\n"),
        ("import aiohttp\naiohttp.TCPConnector(verify_ssl=True, ssl=False)\n", "import aiohttp\naiohttp.TCPConnector(verify_ssl=True, ssl=True)\n"),
    ],
)  # fmt: skip
def test_what_is_mended_is_still_a_program(program, mended):
    """An argument in brackets of its own was given the new one, and a function without its module became ``.safe_load``."""
    assert edited(program, [e for s in _walk.python(program) for e in s.edits]) == mended


@pytest.mark.parametrize(
    "program",
    [
        "import ssl\nc = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\nc.verify_mode = ssl.CERT_NONE",
        "import ssl\nc = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)\nc.check_hostname = False",
        "import random\nmask_token = random.choice(x)\nbatch_token_id = random.randint(1, 3)",
    ],
)
def test_a_server_asks_for_no_certificate_and_a_token_of_a_vocabulary_is_no_secret(program):
    assert not _walk.python(program)


def test_no_argument_is_put_beside_a_generator_that_has_no_brackets_of_its_own():
    (spot,) = _walk.python("import requests\nrequests.get(u for u in x)")
    assert spot.rule == "no_timeout" and not spot.edits


def test_cells_of_a_notebook_are_one_program_and_each_finding_names_its_cell(tmp_path):
    cells = [["import torch\n", "%matplotlib inline\n", "!pip install x"], ["files = !ls\n", "torch.load?\n", "%%time\n"], ["%%bash\n", "torch.load('no')"],
             ["if files:\n", "    !ls\n", "torch.load('m')"]]  # fmt: skip
    book = {
        "nbformat": 4,
        "cells": [
            {"cell_type": "markdown", "source": "torch.load('x')"},
            *({"cell_type": "code", "source": c} for c in cells),
        ],
    }
    (tmp_path / "n.ipynb").write_text(json.dumps(book))
    report = carry_out("check", "code.review", str(tmp_path), {}, home=None).report
    assert [(f.rule, f.where["cell"], f.where["line"]) for f in report.findings] == [
        ("code.review.torch_load", 5, 3)
    ]
    assert "n.ipynb, cell 5, line 3" in report.findings[0].message


def test_what_is_allowed_with_a_reason_passes_and_without_one_does_not(tmp_path):
    (tmp_path / "a.py").write_text(
        "import pickle\npickle.load(f)  # assay: allow pickle_load -- we wrote it\npickle.load(f)  # assay: allow pickle_load\n"
        "pickle.load(f)  # assay: allow shell -- another\n"
    )
    report = carry_out("check", "code.review", str(tmp_path), {}, home=None).report
    assert [f.where["line"] for f in report.findings] == [3, 4]
    assert {m.name: m.value for m in report.metrics}["allowed"] == 1


@pytest.mark.parametrize(
    "text",
    [
        "def f(:",
        "x" * 5_000_000,
        "(" * 10_000,
        "a" + ".b" * 5_000,
        "-" * 50_000 + "1",
        "\0",
        "f'{" * 50,
        "[" * 90 + "]" * 90,
        "\ud800",
    ],
)
def test_what_is_not_followed_to_its_end_is_not_passed(tmp_path, text):
    (tmp_path / "a.py").write_bytes(text.encode("utf-8", "surrogatepass"))
    (tmp_path / "b.ipynb").write_bytes(text.encode("utf-8", "surrogatepass"))
    verdict = carry_out("check", "code.review", str(tmp_path), {}, home=None)
    assert not verdict.report.error
    assert (
        verdict.outcome == "incomplete" or verdict.report.coverage.examined == 1
    )  # a chain of names may be followed


@given(st.text(alphabet="()[]{}:=.,'\"\n abcdefgimportlnsxw+*%#@\\0", max_size=120) | st.text(max_size=60))
@settings(max_examples=60)
def test_no_text_makes_it_fail(text):
    try:
        _walk.python(text)
    except Unreadable:
        pass


@given(st.lists(st.sampled_from([t for t, _, _ in FOUND]), min_size=1, max_size=4))
@settings(max_examples=30)
def test_mending_programs_one_after_another_stays_python(texts):
    text = "\n".join(texts)
    edits = [e for s in _walk.python(text) for e in s.edits]
    ast.parse(edited(text, edits))
    assert not edits or patch("x.py", text, edits).startswith("--- a/x.py")


def test_a_report_carried_the_keys_that_it_told_of(tmp_path):
    """The line of a finding was shown as it stood: a report in SARIF, kept beside the code, held the secret whole."""
    key, password = Maker().aws_secret(), "kT7" + "vw9!qPz2"
    (tmp_path / "k.py").write_text(
        f'import boto3, psycopg2, requests\nboto3.client("s3", aws_secret_access_key="{key}")\n'
        f'psycopg2.connect(host="db", password="{password}")\n'
        f'requests.post("https://x.example.org", verify=False, data={{"aws_secret_access_key": "{key}"}})\n'
        f'requests.post("https://x.example.org/{"a" * 30}", data={{"aws_secret_access_key": "{key}"}}, verify=False)\n'
    )
    verdict = carry_out("check", "code.review", str(tmp_path), {}, home=None)
    found = {f.rule.rpartition(".")[2]: f for f in verdict.report.findings}
    assert {"boto3_keys", "written_secret", "no_verification"} <= set(found)
    assert found["boto3_keys"].where["code"] == "boto3.client('s3', aws_secret_access_key=...)"
    told = verdict.report.to_json().decode()
    assert key not in told and key[:8] not in told and password not in told
    assert f"{key[:4]}… (40 characters)" in found["no_verification"].where["code"]
