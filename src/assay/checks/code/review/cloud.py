"""Resources of SageMaker, S3, IAM and EC2 as templates declare them, without what protects them.

Sources: the CloudFormation reference of these types, and the documentation of Terraform's AWS provider.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from assay.kernel.severity import Severity
from assay.methods.review.resources import OPEN, Resource
from assay.methods.review.spot import Spot

LANGUAGE = "cloud"
_WIDE = re.compile(r"(?:(?<![A-Za-z0-9])[A-Za-z0-9]{0,128}FullAccess|AdministratorAccess|PowerUserAccess)$")


def rule(resources: list[Resource]) -> Iterator[Spot]:
    """Name each."""
    for one in resources:
        judge = _KINDS.get(one.kind)
        if judge is not None:
            yield from judge(one)
        for place, text in _texts(one.settings, 0):
            if _WIDE.search(text) and ("policy/" in text or one.kind.startswith(("AWS::IAM", "aws_iam"))):
                yield _spot(
                    one,
                    place,
                    "full_access",
                    Severity.HIGH,
                    f"{text.rpartition('/')[2]} is more than any job needs.",
                    "grant what it uses by name",
                    "CWE-250",
                )
        if "iam" in one.kind.lower():
            yield from _statements(one)


def _spot(
    one: Resource, setting: str, rule: str, severity: Severity, message: str, remedy: str, cwe: str
) -> Spot:
    line = one.lines.get(setting, one.line)
    return Spot(rule, severity, f"{one.name}: {message}", line, remedy, cwe, 1, f"{one.kind} {one.name}")


def _missing(one: Resource, *names: str) -> bool:
    """Whether none of a setting's names is set; one that is worked out elsewhere is."""
    return all(one.get(*name.split(".")) in (None, "", False, "false", "Disabled") for name in names)


def _keyless(one: Resource, terraform: str, what: str) -> Iterator[Spot]:
    """Name a resource without a key of its owner's. terraform: that setting's name there."""
    if _missing(one, "KmsKeyId", terraform):
        yield _spot(
            one, "KmsKeyId", "no_key", Severity.MEDIUM, f"{what} no key of yours.", "KmsKeyId", "CWE-311"
        )


def _notebook(one: Resource) -> Iterator[Spot]:
    access = one.get("DirectInternetAccess") or one.get("direct_internet_access")
    if access is not OPEN and access != "Disabled":
        yield _spot(one, "DirectInternetAccess", "notebook_internet", Severity.HIGH, "the notebook reaches the internet, and what runs in it sends what it wants.",
                    "DirectInternetAccess: Disabled, in a VPC with endpoints", "CWE-923")  # fmt: skip
    root = one.get("RootAccess") or one.get("root_access")
    if root is not OPEN and root != "Disabled":
        yield _spot(
            one, "RootAccess", "root", Severity.MEDIUM, "its user is root.", "RootAccess: Disabled", "CWE-250"
        )
    yield from _keyless(one, "kms_key_id", "its disk has")


def _model(one: Resource) -> Iterator[Spot]:
    if _missing(one, "EnableNetworkIsolation", "enable_network_isolation"):
        yield _spot(
            one,
            "EnableNetworkIsolation",
            "sagemaker_network",
            Severity.HIGH,
            "the model's container has the network.",
            "EnableNetworkIsolation: true",
            "CWE-923",
        )
    if _missing(one, "VpcConfig", "vpc_config"):
        yield _spot(
            one,
            "VpcConfig",
            "sagemaker_vpc",
            Severity.LOW,
            "it runs in no VPC of yours.",
            "VpcConfig",
            "CWE-923",
        )


def _endpoint(one: Resource) -> Iterator[Spot]:
    yield from _keyless(one, "kms_key_arn", "the disks of its machines have")


def _domain(one: Resource) -> Iterator[Spot]:
    access = one.get("AppNetworkAccessType") or one.get("app_network_access_type")
    if access is not OPEN and access != "VpcOnly":
        yield _spot(
            one,
            "AppNetworkAccessType",
            "notebook_internet",
            Severity.HIGH,
            "Studio reaches the internet past your VPC.",
            "AppNetworkAccessType: VpcOnly",
            "CWE-923",
        )
    yield from _keyless(one, "kms_key_id", "its volumes have")


def _bucket(one: Resource) -> Iterator[Spot]:
    acl = one.get("AccessControl") or one.get("acl")
    if acl in ("PublicRead", "PublicReadWrite", "public-read", "public-read-write"):
        yield _spot(
            one,
            "AccessControl",
            "public_bucket",
            Severity.CRITICAL if "rite" in str(acl) else Severity.HIGH,
            "everybody reads the bucket.",
            "leave the ACL out",
            "CWE-732",
        )
    if one.kind.startswith("AWS::") and _missing(one, "PublicAccessBlockConfiguration"):
        yield _spot(
            one,
            "PublicAccessBlockConfiguration",
            "public_bucket",
            Severity.LOW,
            "nothing keeps a later policy from opening it.",
            "PublicAccessBlockConfiguration",
            "CWE-732",
        )


def _group(one: Resource) -> Iterator[Spot]:
    rules = one.get("SecurityGroupIngress") or one.settings.get("ingress") or [one.settings]
    for each in rules if isinstance(rules, list) else [rules]:
        if not isinstance(each, Mapping):
            continue
        if each is one.settings and each.get("type", "ingress") != "ingress":
            continue
        ranges = [
            each.get("CidrIp"),
            each.get("CidrIpv6"),
            each.get("cidr_ipv4"),
            *_list(each.get("cidr_blocks")),
            *_list(each.get("ipv6_cidr_blocks")),
        ]
        port = each.get("FromPort", each.get("from_port"))
        if any(r in ("0.0.0.0/0", "::/0") for r in ranges) and port not in (443, "443", 80, "80"):
            yield _spot(one, "SecurityGroupIngress", "every_address", Severity.HIGH, f"port {port if port is not OPEN else 'of a variable'} is open to the whole internet.",
                        "name the addresses that need it", "CWE-668")  # fmt: skip


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _statements(one: Resource) -> Iterator[Spot]:
    for statement in _walked(one.settings, 0):
        action, resource = statement.get("Action"), statement.get("Resource")
        if statement.get("Effect", "Allow") != "Allow":
            continue
        wide = [
            a
            for a in ([action] if isinstance(action, str) else _list(action))
            if isinstance(a, str) and (a == "*" or a in ("iam:*", "sagemaker:*", "s3:*"))
        ]
        everywhere = resource == "*" or "*" in _list(resource)
        if wide and everywhere:
            yield _spot(
                one,
                "PolicyDocument",
                "full_access",
                Severity.HIGH,
                f"{wide[0]} on every resource is allowed.",
                "name actions and resources",
                "CWE-250",
            )


def _walked(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > 20:
        return
    if isinstance(value, Mapping):
        if "Action" in value and "Resource" in value:
            yield value
        for name, inner in value.items():
            if not name.startswith("__"):
                yield from _walked(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _walked(inner, depth + 1)


def _texts(value: Any, depth: int, place: str = "") -> Iterator[tuple[str, str]]:
    if depth > 20:
        return
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if not name.startswith("__"):
                yield from _texts(inner, depth + 1, place or name)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, depth + 1, place)


_KINDS: Mapping[str, Callable[[Resource], Iterator[Spot]]] = {
    "AWS::SageMaker::NotebookInstance": _notebook, "aws_sagemaker_notebook_instance": _notebook,
    "AWS::SageMaker::Model": _model, "aws_sagemaker_model": _model,
    "AWS::SageMaker::EndpointConfig": _endpoint, "aws_sagemaker_endpoint_configuration": _endpoint,
    "AWS::SageMaker::Domain": _domain, "aws_sagemaker_domain": _domain,
    "AWS::S3::Bucket": _bucket, "aws_s3_bucket": _bucket, "aws_s3_bucket_acl": _bucket,
    "AWS::EC2::SecurityGroup": _group, "aws_security_group": _group, "aws_security_group_rule": _group,
    "aws_vpc_security_group_ingress_rule": _group,
}  # fmt: skip
