"""Training, processing and hosting on SageMaker without what protects it: network isolation, keys, encrypted traffic, a VPC.

Source: the parameters of the SageMaker Python SDK (version 2) by their documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.checks.code.review._spots import spot
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import Call
from assay.methods.review.spot import Spot, with_arguments

LANGUAGE = "python"
_ESTIMATORS = frozenset(
    {"Estimator", "Framework", "SKLearn", "PyTorch", "TensorFlow", "XGBoost", "HuggingFace", "MXNet", "Chainer", "RLEstimator", "KMeans", "PCA",
     "LinearLearner", "RandomCutForest", "FactorizationMachines", "AlgorithmEstimator"}
)  # fmt: skip
_PROCESSORS = frozenset(
    {"Processor", "ScriptProcessor", "FrameworkProcessor", "SKLearnProcessor", "PySparkProcessor", "SparkJarProcessor", "SageMakerClarifyProcessor",
     "PyTorchProcessor", "TensorFlowProcessor", "XGBoostProcessor", "HuggingFaceProcessor"}
)  # fmt: skip
_WIDE = re.compile(r"(?:(?<![A-Za-z0-9])[A-Za-z0-9]{0,128}FullAccess|AdministratorAccess|PowerUserAccess)\b")


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    isolated = any(
        c.name.endswith("NetworkConfig") and c.says("enable_network_isolation", True) for c in program.calls
    )
    roles = program.called("sagemaker.get_execution_role", "sagemaker.session.get_execution_role")
    for call in program.calls:
        if not call.name.startswith("sagemaker."):
            continue
        if call.method in _ESTIMATORS:
            yield from _estimator(program, call)
        elif call.method in _PROCESSORS:
            yield from _processor(program, call, isolated)
        elif call.method == "NetworkConfig" and not call.spread:
            missing = [
                n
                for n in ("enable_network_isolation", "encrypt_inter_container_traffic")
                if not _set(call, n)
            ]
            if missing:
                yield spot(
                    program, call.node, "sagemaker_network", Severity.MEDIUM, f"This network has no {' and no '.join(_said(n) for n in missing)}.",
                    "set both", "CWE-923", with_arguments(program.text, call.node, [f"{n}=True" for n in missing if n not in call.keywords]),
                )  # fmt: skip
    for text, node in program.texts:
        if (found := _WIDE.search(text)) and (":policy/" in text or text == found.group()):
            who = " that get_execution_role() hands to every notebook" if roles else ""
            yield spot(
                program, node, "full_access", Severity.HIGH, f"{found.group()} is more than any job needs of the role{who}.",
                "grant what it uses: buckets, keys and images by name", "CWE-250",
            )  # fmt: skip
    if roles and not any(_WIDE.search(t) for t, _ in program.texts):
        yield spot(
            program, roles[0].node, "execution_role", Severity.INFO, "The job gets the notebook's own role, with all that it may do.",
            "give each kind of job a role of its own", "CWE-250",
        )  # fmt: skip


def _estimator(program: Program, call: Call) -> Iterator[Spot]:
    if call.spread:
        return
    add, missing = [], []
    for name, value in (("enable_network_isolation", "True"), ("encrypt_inter_container_traffic", "True")):
        count = call.keywords.get("instance_count")
        if name.startswith("encrypt") and count is not None and count.literal == 1:
            continue  # a single worker sends nothing to another
        if not _set(call, name):
            missing.append(_said(name))
            add += [] if name in call.keywords else [f"{name}={value}"]
    for name in ("volume_kms_key", "output_kms_key"):
        if not _set(call, name):
            missing.append(_said(name))
            add += [] if name in call.keywords else [f"{name}=kms_key"]
    if missing:
        grave = Severity.HIGH if "network isolation" in missing else Severity.MEDIUM
        yield spot(
            program, call.node, "sagemaker_training", grave, f"The training job has no {', no '.join(missing)}.",
            _remedy(add), "CWE-311", with_arguments(program.text, call.node, add),
        )  # fmt: skip
    if not _set(call, "subnets"):
        yield spot(
            program,
            call.node,
            "sagemaker_vpc",
            Severity.LOW,
            "The training job runs in no VPC of yours.",
            "subnets=, security_group_ids=",
            "CWE-923",
        )


def _processor(program: Program, call: Call, isolated: bool) -> Iterator[Spot]:
    if call.spread:
        return
    missing, add = [], []
    if "network_config" not in call.keywords:
        missing += ["network isolation", "encryption between its workers"]
        add.append(
            "network_config=NetworkConfig(enable_network_isolation=True, encrypt_inter_container_traffic=True)"
        )
    for name in ("volume_kms_key", "output_kms_key"):
        if not _set(call, name):
            missing.append(_said(name))
            add += [] if name in call.keywords else [f"{name}=kms_key"]
    if missing:
        grave = Severity.HIGH if "network isolation" in missing and not isolated else Severity.MEDIUM
        yield spot(
            program, call.node, "sagemaker_processing", grave, f"The processing job has no {', no '.join(missing)}.",
            _remedy(add), "CWE-311", with_arguments(program.text, call.node, add),
        )  # fmt: skip


def _remedy(add: list[str]) -> str:
    """Return what to do, and what the patch leaves to the reader: names that the program may not have."""
    yours = ["kms_key is your key's ARN"] if any("kms_key" in one for one in add) else []
    yours += ["NetworkConfig is of sagemaker.network"] if any("NetworkConfig(" in one for one in add) else []
    return "set them; the patch shows how" + (f" ({', '.join(yours)})" if yours else "")


def _set(call: Call, name: str) -> bool:
    found = call.keywords.get(name)
    return found is not None and not (found.known and not found.literal)


def _said(name: str) -> str:
    return {
        "enable_network_isolation": "network isolation", "encrypt_inter_container_traffic": "encryption between its workers",
        "volume_kms_key": "key for its disks", "output_kms_key": "key for what it writes",
    }[name]  # fmt: skip
