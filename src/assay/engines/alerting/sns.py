"""Amazon SNS: a message to a topic, under whatever credentials boto3 finds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from assay.engines.alerting.alert import Alert, Delivered, Undelivered
from assay.engines.alerting.reaching import route
from assay.engines.alerting.trying import delivered
from assay.engines.extras import install
from assay.kernel.errors import Missing

_MESSAGE, _SUBJECT = 200_000, 100  # bytes and characters; SNS takes 256 kB and 100


def send(
    alert: Alert,
    topic: str,
    hosts: Sequence[str],
    *,
    region: str = "",
    endpoint: str = "",
    pause: Callable[[float], None] = time.sleep,
) -> Delivered:
    """Publish an alert; Undelivered where SNS does not take it, Missing without boto3."""
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ModuleNotFoundError:
        raise Missing("SNS needs boto3", remedy=install("sns")) from None
    if endpoint:  # Amazon's own is not asked for: boto3 makes its name of the region
        parts = urlsplit(endpoint)
        way = route(str(parts.hostname), parts.port or 443, hosts)
        if parts.scheme != "https" and not way.inside:
            raise Undelivered(f"{way.host} would be told in the clear", remedy="write https://", again=False)

    def once() -> tuple[int, str, str]:
        try:
            config = Config(connect_timeout=10, read_timeout=10, retries={"total_max_attempts": 1})
            client: Any = boto3.client(
                "sns", region_name=region or topic.split(":")[3], endpoint_url=endpoint or None, config=config
            )
            answer = client.publish(TopicArn=topic, **told(alert))
            return 200, str(answer.get("MessageId", "")), ""
        except ClientError as error:
            said = error.response
            return int(said["ResponseMetadata"].get("HTTPStatusCode", 400)), str(error)[:200], ""
        except BotoCoreError as error:
            if "Credentials" in type(error).__name__:
                raise Undelivered(f"SNS: {error}", remedy="give boto3 credentials", again=False) from None
            raise OSError(str(error)[:200]) from error

    return delivered(once, "SNS", pause=pause)


def told(alert: Alert) -> dict[str, Any]:
    """Return an alert as what is published: a subject in ASCII, a text, and attributes that subscriptions filter by."""
    facts = [f"{name}: {value}" for name, value in alert.facts.items()]
    lines = [
        alert.title,
        "",
        *(f"- {line}" for line in alert.lines),
        "",
        *facts,
        "",
        f"{alert.source}, {alert.at}",
    ]
    text = "\n".join(lines).encode()[:_MESSAGE].decode("utf-8", "ignore")
    subject = "".join(c if 32 <= ord(c) < 127 else "?" for c in alert.title)[:_SUBJECT].strip() or "Assay"
    attributes = {
        "severity": alert.severity,
        "key": alert.key,
        **{k: alert.facts[k] for k in ("endpoint", "check") if alert.facts.get(k)},
    }
    named = {k: {"DataType": "String", "StringValue": v[:256]} for k, v in attributes.items() if v}
    return {"Subject": subject, "Message": text, "MessageAttributes": named}
