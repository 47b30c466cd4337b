"""A consumer of statements in Python 3.9 or later, without packages.

    python3 statements.py event FILE   prints bucket and key of each statement that a message speaks of
    python3 statements.py check FILE   exits with 1 unless every file of the zip has its hash

The message is what S3, SNS, SQS, EventBridge, MinIO, Ceph or versitygw sends, or a Lambda is called with.
"""
import hashlib
import json
import os
import re
import sys
import zipfile
from urllib.parse import unquote_plus

# Customer ids may hold hyphens: the numbers are read from the right.
KEY = re.compile(r"(?:.*/)?(?P<customer>[A-Za-z0-9._-]+)-(?P<start>\d+)-(?P<end>\d+)-(?P<uploaded>\d{13})\.zip")


def statements(message):
    """Yields (bucket, key) of each statement; the same event may come more than once."""
    if isinstance(message, str):
        message = json.loads(message)
    if isinstance(message, list):
        for one in message:
            yield from statements(one)
    elif message.get("Event") == "s3:TestEvent":
        return
    elif "Records" in message or "Messages" in message:
        yield from statements(message.get("Records") or message.get("Messages") or [])
    elif "body" in message or "Body" in message:  # SQS
        yield from statements(message.get("body") or message["Body"])
    elif "Sns" in message:
        yield from statements(message["Sns"])
    elif "TopicArn" in message:  # SNS; the other types are about subscriptions
        if message["Type"] == "Notification":
            yield from statements(message["Message"])
    else:
        created = created_object(message)
        if created and KEY.fullmatch(created[1]):
            yield created


def created_object(record):
    if record.get("source") == "aws.s3":  # EventBridge: the key is as it is
        if record["detail-type"] != "Object Created":
            return None
        return record["detail"]["bucket"]["name"], record["detail"]["object"]["key"]
    name = record["eventName"]
    if not name.removeprefix("s3:").startswith("ObjectCreated:"):
        return None
    # S3 and MinIO encode the key as in a form; Ceph, and versitygw, which says s3: as well, give it as it is.
    source = record["eventSource"]
    is_plain = source == "ceph:s3" or (source == "aws:s3" and name.startswith("s3:"))
    key = record["s3"]["object"]["key"]
    return record["s3"]["bucket"]["name"], key if is_plain else unquote_plus(key)


SEAL_BYTES = len("sha256:") + 64


def is_sealed(path):
    """Whether the zip ends with sha256: and the hash of all bytes before that."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        left = os.path.getsize(path) - SEAL_BYTES
        while left > 0 and (chunk := file.read(min(left, 1 << 20))):
            found.update(chunk)
            left -= len(chunk)
        return file.read() == f"sha256:{found.hexdigest()}".encode()


def check(path):
    """Returns the manifest; raises ValueError or BadZipFile for a zip that is not as it was made."""
    with zipfile.ZipFile(path) as statement:
        listed = {}
        for line in statement.read("SHA256SUMS").decode().splitlines():
            sha256, name = line.split("  ", 1)
            listed[name] = sha256
        if sorted([*listed, "SHA256SUMS"]) != sorted(statement.namelist()):
            raise ValueError("SHA256SUMS does not list the files as they are")
        for name, sha256 in listed.items():
            found = hashlib.sha256()
            with statement.open(name) as file:
                while chunk := file.read(1 << 20):
                    found.update(chunk)
            if found.hexdigest() != sha256:
                raise ValueError(f"{name} has another hash")
        manifest = json.loads(statement.read("manifest.json"))
        for file in manifest["files"]:
            if listed.get(file["path"]) != file["sha256"]:
                raise ValueError(f"the manifest has another hash of {file['path']}")
        # The first version of the schema had no seal.
        if not manifest["schema"].endswith("/manifest.v1.json") and not is_sealed(path):
            raise ValueError("the zip has changed since it was made")
        return manifest


def main(command=None, path=None, *more):
    if command not in ("event", "check") or path is None or more:
        print("statements event|check FILE", file=sys.stderr)
        sys.exit(2)
    if command == "event":
        with open(path, encoding="utf-8") as file:
            # A statement is never changed, so its key tells a repeated event. A real consumer keeps
            # the keys beside its own data.
            for bucket, key in dict.fromkeys(statements(file.read())):
                print(bucket, key)
    else:
        try:
            print(check(path)["statement_id"])
        except (ValueError, KeyError, zipfile.BadZipFile) as problem:
            sys.exit(f"does not verify: {problem}")


if __name__ == "__main__":
    main(*sys.argv[1:])
