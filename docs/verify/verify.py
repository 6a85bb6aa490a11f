"""Is this request from Tripline? Standard Webhooks 1.0.0 with the standard library alone."""

import base64
import hashlib
import hmac
import json
import re
import sys
import time

TOLERANCE_SECONDS = 300


def verify(secrets, headers, body, now=None):
    """True when one of the signatures is right for one of the secrets, and the request is at most five minutes old.

    secrets: whsec_... or your own text; headers: a mapping of names to values; body: the bytes as they came, never
    parsed and written again.
    """
    headers = {name.lower(): value for name, value in headers.items()}
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not message_id or not signatures or not re.fullmatch("[0-9]{1,12}", timestamp):
        return False
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_SECONDS:
        return False

    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = [b"v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()) for secret in secrets]
    given = [signature.encode() for signature in signatures.split(" ")]
    return any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given)


def key_of(secret):
    if secret.startswith("whsec_"):
        return base64.b64decode(secret[len("whsec_") :])
    return secret.encode()


# python3 verify.py FILE: judges each request of a JSON file [{name, keys, headers, body, now}].
if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        for request in json.load(file):
            accepted = verify(request["keys"], request["headers"], request["body"].encode(), request["now"])
            print(f"{request['name']}: {'accepted' if accepted else 'refused'}")
