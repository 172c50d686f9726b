"""An S3 API for tests, on the loopback: moto's server, which checks signatures, keys and policies as AWS does."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from moto.server import ThreadedMotoServer

BUCKET = "lake"
_SESSION = botocore.session.Session()  # keeps what it has read of the services


@dataclass
class S3:
    """A bucket called BUCKET, its owner's client, and a user who may read it."""

    url: str
    owner: Any
    iam: Any
    environment: dict[str, str] = field(default_factory=dict)

    def put(self, key: str, body: bytes) -> None:
        self.owner.put_object(Bucket=BUCKET, Key=key, Body=body)

    def upload(self, folder: Path | str, prefix: str) -> None:
        for each in sorted(Path(folder).rglob("*")):
            if each.is_file():
                self.put(f"{prefix}/{each.relative_to(folder)}", each.read_bytes())

    def clear(self) -> None:
        """Empty the bucket, and let the user read it."""
        for each in self.owner.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
            self.owner.delete_object(Bucket=BUCKET, Key=each["Key"])
        self.allow()

    def allow(self, *, but: str = "") -> None:
        """Let the user list and read the bucket, all but the object ``but``."""
        may = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
        not_this = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/{but}"}
        policy = {"Version": "2012-10-17", "Statement": [may, *([not_this] if but else [])]}
        self.iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps(policy))


def _post(url: str, body: bytes = b"") -> None:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "text/plain"}, method="POST")  # noqa: S310
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310
        pass


@contextmanager
def running() -> Iterator[S3]:
    """A server with an empty bucket and a user's key; it asks whoever comes for a valid one."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        iam = _client(url, "iam", "anyone", "anyone")
        keys = {}
        for user in ("owner", "reader"):
            iam.create_user(UserName=user)
            keys[user] = iam.create_access_key(UserName=user)["AccessKey"]
        every = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
        iam.put_user_policy(UserName="owner", PolicyName="all", PolicyDocument=json.dumps(every))
        _post(f"{url}/moto-api/reset-auth", b"0")
        owner = keys["owner"]["AccessKeyId"], keys["owner"]["SecretAccessKey"]
        made = S3(url, _client(url, "s3", *owner), _client(url, "iam", *owner))
        made.owner.create_bucket(Bucket=BUCKET)
        made.environment = {
            "AWS_ENDPOINT_URL_S3": url,
            "AWS_ACCESS_KEY_ID": keys["reader"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["reader"]["SecretAccessKey"],
        }
        yield made
    finally:
        _post(f"{url}/moto-api/reset-auth", b"inf")
        server.stop()


def _client(url: str, service: str, key: str, secret: str) -> Any:
    return _SESSION.create_client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(s3={"addressing_style": "path"}),
    )
