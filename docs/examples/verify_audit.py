"""Verify a proof of the audit log with the standard library alone: `python -I verify_audit.py KEY < PROOF`.

KEY: the log's public key, NAME+HASH+BASE64, not had from whoever sent the proof (`watchbound audit prove` makes it).
Ends with 0, or with 1 and an error. After RFC 6962, RFC 9162, RFC 8032 and c2sp.org/signed-note.
"""

import base64
import hashlib
import json
import sys

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, BASE_Y = -121665 * pow(121666, -1, P) % P, 4 * pow(5, -1, P) % P


def require(holds: bool, otherwise: str) -> None:
    """Go on only if it holds (`python -O` would skip an assert)."""
    if not holds:
        raise ValueError(otherwise)


def point(data: bytes) -> tuple[int, int]:
    """Decode a point of the curve (RFC 8032, section 5.1.3)."""
    sign, y = divmod(int.from_bytes(data, "little"), 1 << 255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    require(y < P and x * x % P == square and (x > 0 or not sign), "no point of the curve")
    return (P - x if x & 1 != sign else x), y


def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """Add two points."""
    k = D * a[0] * b[0] * a[1] * b[1] % P
    x, y = a[0] * b[1] + b[0] * a[1], a[1] * b[1] + a[0] * b[0]
    return x * pow(1 + k, -1, P) % P, y * pow(1 - k, -1, P) % P


def times(scalar: int, base: tuple[int, int]) -> tuple[int, int]:
    """Multiply a point."""
    twice = times(scalar >> 1, add(base, base)) if scalar else (0, 1)
    return add(twice, base) if scalar & 1 else twice


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature holds."""
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return s < L and times(s, point(BASE_Y.to_bytes(32, "little"))) == add(
        point(signature[:32]), times(k, point(public))
    )


def checkpoint(note: str, key: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint that this key signed."""
    name, hint, public = key.strip().split("+", 2)
    body, _, line = note.rpartition("\n\n")
    (origin, size, root), (signer, signature) = body.split("\n")[:3], line.split()[1:]
    data, known = base64.b64decode(signature, validate=True), base64.b64decode(public, validate=True)
    require((signer, origin, data[:4].hex()) == (name, name, hint), "the checkpoint is another key's")
    require(known[:1] == b"\x01" and (len(known), len(data)) == (33, 68), "the key or the signature is not Ed25519")
    require(signed(known[1:], (body + "\n").encode(), data[4:]), "the checkpoint's signature does not hold")
    return int(size), base64.b64decode(root, validate=True)


def walk(here: int, last: int, start: bytes, steps: list[bytes]) -> tuple[bytes, bytes]:
    """Follow a proof upwards from node `here` of a row that ends with `last`: the old root and the new one."""
    old = new = start
    for step in steps:
        require(last > 0 and len(step) == 32, "the proof is too long")
        if here & 1 or here == last:
            old, new = (hashlib.sha256(b"\x01" + step + node).digest() for node in (old, new))
            zeros = (here & -here).bit_length() - 1
        else:
            zeros, new = 0, hashlib.sha256(b"\x01" + new + step).digest()
        here, last = here >> zeros + 1, last >> zeros + 1
    require(last == 0, "the proof is too short")
    return old, new


def main(key: str) -> str:
    """Say what the proof shows."""
    proof = json.load(sys.stdin)
    steps = [base64.b64decode(step, validate=True) for step in proof["proof"]]
    size, root = checkpoint(proof["checkpoint"], key)
    if proof["kind"] == "inclusion":
        event, index = base64.b64decode(proof["event"], validate=True), proof["index"]
        require(0 <= index < size and json.loads(event)["index"] == index, "the event stands elsewhere")
        require(walk(index, size - 1, hashlib.sha256(b"\x00" + event).digest(), steps)[1] == root, "not in the log")
        return f"event {index} of {size}: {event.decode()}"
    old, old_root = checkpoint(proof["from"], key)
    require(0 < old < size, "the older checkpoint is the larger one")
    row = old & -old  # as many leaves has the last complete node of the old tree: there the proof begins
    start, *steps = [old_root, *steps] if old == row else steps
    require(walk(old // row - 1, (size - 1) // row, start, steps) == (old_root, root), "the log was rewritten")
    return f"the first {old} of {size} events are those that were signed for before"


if __name__ == "__main__":
    print("holds:", main(sys.argv[1]))
