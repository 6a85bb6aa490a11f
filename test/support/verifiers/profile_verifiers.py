"""What a receiver in Python does to verify each profile, after the steps of that receiver's own instructions.

Judges each request of a JSON file [{name, profile, secret, headers, body}]; header names are in lower case.
"""

import hashlib
import hmac
import json
import sys


def hex_hmac(secret, content):
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def desmo(headers, body, secret):
    signature = headers["x-desmo-signature"]
    return hmac.compare_digest(signature, f"sha256={hex_hmac(secret, body)}")


def dembrane(headers, body, secret):
    return hmac.compare_digest(hex_hmac(secret, body), headers["x-dembrane-signature"])


def dodev(headers, body, secret):
    signature, timestamp = headers["x-dodevwebhook-signature"], headers["x-dodevwebhook-timestamp"]
    return signature.split("v1=")[1] == hex_hmac(secret, timestamp.encode() + b"." + body)


def dimo(headers, body, secret):
    if headers["x-dimo-signature-version"] != "v1":
        return False
    content = headers["x-dimo-timestamp"].encode() + b"." + body
    return hmac.compare_digest(headers["x-dimo-signature"], hex_hmac(secret, content))


VERIFIERS = {"desmo": desmo, "dembrane": dembrane, "dodev": dodev, "dimo": dimo}

with open(sys.argv[1], encoding="utf-8") as file:
    for request in json.load(file):
        verifier = VERIFIERS[request["profile"]]
        accepted = verifier(request["headers"], request["body"].encode(), request["secret"])
        print(f"{request['name']}: {'accepted' if accepted else 'refused'}")
