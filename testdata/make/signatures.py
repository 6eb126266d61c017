"""Writes `testdata/remote/signatures.json`: requests to S3 as botocore signs them.

    python testdata/make/signatures.py

Every case has a time, keys, a region and a URL, and the headers that botocore's signer for S3 adds. Keys and times are
made up. Needs botocore.
"""

import datetime
import json
import pathlib
import random
import unittest.mock
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

PLACE = pathlib.Path(__file__).resolve().parent.parent / "remote" / "signatures.json"
CHARACTERS = "abcXYZ019-._~ /+=&%!$'()*,:;@[]{}\"<>|\\^`äß漢🙂"


def case(generator):
    keys = botocore.credentials.Credentials(
        "TESTKEY" + "".join(generator.choices("ABCDEFGHIJ234567", k=16)),
        "".join(generator.choices("abcdefXYZ0123+/", k=40)),
        "".join(generator.choices("abcXYZ0189+/=", k=200)) if generator.random() < 0.4 else None)
    region = generator.choice(["us-east-1", "eu-west-1", "cn-north-1", "auto"])
    key = "".join(generator.choices(CHARACTERS, k=generator.randint(1, 60)))
    key = "/".join(part if part not in (".", "..") else "x" for part in key.split("/"))
    host = generator.choice(["bucket.s3.eu-west-1.amazonaws.com", "127.0.0.1:9000", "minio.example:8443", "s3.example.com"])
    path = "/" + urllib.parse.quote(key, safe="/-._~")
    query = ""
    if generator.random() < 0.5:
        parameters = [("encoding-type", "url"), ("list-type", "2"), ("prefix", key)]
        if generator.random() < 0.5:
            parameters.append(("continuation-token", "".join(generator.choices(CHARACTERS, k=20))))
        generator.shuffle(parameters)
        query = "&".join(f"{name}={urllib.parse.quote(value, safe='-._~')}" for name, value in parameters)
        path = generator.choice(["/", "/bucket/"])
    seconds = generator.randint(0, 4_000_000_000)
    time = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    request = botocore.awsrequest.AWSRequest("GET", f"https://{host}{path}" + (f"?{query}" if query else ""))
    with unittest.mock.patch("botocore.auth.get_current_datetime", return_value=time.replace(tzinfo=None)):
        botocore.auth.S3SigV4Auth(keys, "s3", region).add_auth(request)
    return {"key": keys.access_key, "secret": keys.secret_key, "token": keys.token, "region": region, "host": host,
            "path": path, "query": query, "seconds": seconds,
            "headers": {name.lower(): value for name, value in sorted(request.headers.items())}}


generator = random.Random(1)
cases = [case(generator) for _ in range(80)]
PLACE.parent.mkdir(exist_ok=True)
PLACE.write_text(json.dumps(cases, indent=1, ensure_ascii=True) + "\n")
print(f"{len(cases)} cases")
