"""Alerts to a topic of SNS, as moto's server plays it."""

from __future__ import annotations

import json

import pytest

from assay.engines.alerting import sns
from assay.engines.alerting.alert import Undelivered


@pytest.mark.slow
def test_an_alert_reaches_a_queue_that_subscribed(alert, monkeypatch):
    boto3 = pytest.importorskip("boto3")
    moto = pytest.importorskip("moto.server")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        options = {"region_name": "eu-central-1", "endpoint_url": url}
        topics, queues = boto3.client("sns", **options), boto3.client("sqs", **options)
        topic = topics.create_topic(Name="models")["TopicArn"]
        queue = queues.create_queue(QueueName="q")["QueueUrl"]
        arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        assert sns.send(alert, topic, (host,), endpoint=url).tries == 1
        (message,) = queues.receive_message(QueueUrl=queue)["Messages"]
        told = json.loads(message["Body"])
        assert told["Subject"] == "bookings: 2 violations in lead_time <now>"
        assert told["MessageAttributes"]["severity"]["Value"] == "high" and "below 0" in told["Message"]
        with pytest.raises(Undelivered, match="SNS answers with status 404"):
            sns.send(alert, topic + "-gone", (host,), endpoint=url, pause=lambda _: None)
        with pytest.raises(Undelivered, match="may not be sent to"):
            sns.send(alert, topic, (), endpoint=url)
    finally:
        server.stop()


def test_a_subject_is_ascii_and_a_message_no_longer_than_sns_takes(alert):
    from dataclasses import replace

    told = sns.told(replace(alert, title="Ärger " * 40, lines=("é" * 150_000,)))
    assert len(told["Subject"]) <= 100 and told["Subject"].isascii()
    assert len(told["Message"].encode()) <= 256_000
