"""SageMaker's jobs asked for by its API (boto3), or by a ModelTrainer of version 3 of its SDK, without what protects them.

Source: the requests CreateTrainingJob, CreateProcessingJob, CreateModel and CreateNotebookInstance of the service's API reference,
and the documentation of ``sagemaker.train.ModelTrainer`` and its ``Networking``.
"""

from __future__ import annotations

from collections.abc import Iterator

from assay.checks.code.review._spots import spot
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import Call, Value
from assay.methods.review.spot import Spot, with_arguments

LANGUAGE = "python"
_ALONE, _BETWEEN = "network isolation", "encryption between its workers"
_NETWORKING = ("enable_network_isolation", "enable_inter_container_traffic_encryption")


def rule(program: Program) -> Iterator[Spot]:
    """Name each. A request is known by what only it takes, since a client is often handed in."""
    for call in program.calls:
        if call.spread:
            continue
        if call.method == "create_training_job" and "AlgorithmSpecification" in call.keywords:
            yield from _training(program, call)
        elif call.method == "create_processing_job" and "ProcessingResources" in call.keywords:
            yield from _processing(program, call)
        elif call.method == "create_model" and "ExecutionRoleArn" in call.keywords:
            if not _on(call.keywords.get("EnableNetworkIsolation")):
                yield _told(
                    program, call, "sagemaker_network", Severity.HIGH, "The model", [_ALONE], ["EnableNetworkIsolation=True"]
                )  # fmt: skip
        elif call.method == "create_notebook_instance" and "NotebookInstanceName" in call.keywords:
            if not call.says("DirectInternetAccess", "Disabled"):
                yield spot(
                    program, call.node, "notebook_internet", Severity.HIGH, "The notebook reaches the internet directly, and it the notebook's data.",
                    "DirectInternetAccess='Disabled', with SubnetId and SecurityGroupIds", "CWE-923",
                )  # fmt: skip
        elif call.name.startswith("sagemaker.") and call.method == "ModelTrainer":
            if "networking" not in call.keywords:
                made = f"networking=Networking({', '.join(f'{n}=True' for n in _NETWORKING)})"
                yield _told(
                    program, call, "sagemaker_training", Severity.HIGH, "The training job", [_ALONE, _BETWEEN], [made]
                )  # fmt: skip
        elif call.name.startswith("sagemaker.") and call.method == "Networking":
            pairs = zip(_NETWORKING, (_ALONE, _BETWEEN), strict=True)
            missing = [(name, said) for name, said in pairs if not _on(call.keywords.get(name))]
            if missing:
                add = [f"{name}=True" for name, _ in missing if name not in call.keywords]
                yield _told(
                    program, call, "sagemaker_network", Severity.MEDIUM, "This network", [s for _, s in missing], add
                )  # fmt: skip


def _training(program: Program, call: Call) -> Iterator[Spot]:
    missing, add = [], []
    resources = call.keywords.get("ResourceConfig")
    single = _part(resources, "InstanceCount")
    for name, said in (
        ("EnableNetworkIsolation", _ALONE),
        ("EnableInterContainerTrafficEncryption", _BETWEEN),
    ):
        if said == _BETWEEN and single is not None and single.literal == 1:
            continue  # a single worker sends nothing to another
        if not _on(call.keywords.get(name)):
            missing.append(said)
            add += [] if name in call.keywords else [f"{name}=True"]
    if _lacks(resources, "VolumeKmsKeyId"):
        missing.append("key for its disks")
    if _lacks(call.keywords.get("OutputDataConfig"), "KmsKeyId"):
        missing.append("key for what it writes")
    if missing:
        grave = Severity.HIGH if _ALONE in missing else Severity.MEDIUM
        yield _told(program, call, "sagemaker_training", grave, "The training job", missing, add)


def _processing(program: Program, call: Call) -> Iterator[Spot]:
    network = call.keywords.get("NetworkConfig")
    if network is None:
        made = "NetworkConfig={'EnableNetworkIsolation': True, 'EnableInterContainerTrafficEncryption': True}"
        yield _told(
            program, call, "sagemaker_processing", Severity.HIGH, "The processing job", [_ALONE, _BETWEEN], [made]
        )  # fmt: skip
        return
    missing = [
        said
        for name, said in (
            ("EnableNetworkIsolation", _ALONE),
            ("EnableInterContainerTrafficEncryption", _BETWEEN),
        )
        if _lacks(network, name) or not _may_be_on(_part(network, name))
    ]
    if missing:
        grave = Severity.HIGH if _ALONE in missing else Severity.MEDIUM
        yield _told(program, call, "sagemaker_processing", grave, "The processing job", missing, [])


def _told(
    program: Program, call: Call, rule: str, grave: Severity, who: str, missing: list[str], add: list[str]
) -> Spot:
    return spot(
        program, call.node, rule, grave, f"{who} has no {', no '.join(missing)}.", _remedy(add), "CWE-311",
        with_arguments(program.text, call.node, add) if add else (),
    )  # fmt: skip


def _remedy(add: list[str]) -> str:
    if any("Networking(" in one for one in add):
        return "set them; the patch shows how (Networking stands beside Compute, in the module's configs)"
    return "set them; the patch shows how" if add else "set them"


def _on(found: Value | None) -> bool:
    """Whether an argument is given, and not as one that is off."""
    return found is not None and _may_be_on(found)


def _may_be_on(found: Value | None) -> bool:
    return found is None or not (found.known and not found.literal)


def _part(found: Value | None, name: str) -> Value | None:
    """Return an entry of a dictionary, as far as it is written out."""
    return (found.parts or {}).get(name) if found is not None else None


def _lacks(found: Value | None, name: str) -> bool:
    """Whether a dictionary that is written out whole has no such entry."""
    return found is not None and found.whole and found.parts is not None and name not in found.parts
