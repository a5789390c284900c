"""An authenticator in software with keys of three algorithms, which writes wrong answers as readily as right ones."""

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field, replace

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED, EXTENSIONS = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Answer:
    """The parts of an answer, before they are encoded; a test changes some of them."""

    type: str
    challenge: str
    origin: str
    rp_id: str
    flags: int = PRESENT | VERIFIED
    sign_count: int = 0
    client: dict = field(default_factory=lambda: {"crossOrigin": False})
    rest: bytes = b""

    def client_data(self) -> bytes:
        members = {"type": self.type, "challenge": self.challenge, "origin": self.origin}
        return json.dumps(members | self.client).encode()

    def data(self, credential: bytes = b"") -> bytes:
        rp_id_hash = hashlib.sha256(self.rp_id.encode()).digest()
        return rp_id_hash + bytes([self.flags]) + self.sign_count.to_bytes(4, "big") + credential + self.rest


class Passkey:
    def __init__(self, algorithm: int, bits: int = 2048) -> None:
        self.algorithm = algorithm
        self.id = os.urandom(32)
        match algorithm:
            case -7:
                self.key = ec.generate_private_key(ec.SECP256R1())
            case -35:
                self.key = ec.generate_private_key(ec.SECP384R1())
            case -8:
                self.key = ed25519.Ed25519PrivateKey.generate()
            case -257:
                self.key = rsa.generate_private_key(65537, bits)

    def cose(self) -> bytes:
        if self.algorithm == -8:
            return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: self.key.public_key().public_bytes_raw()})
        numbers = self.key.public_key().public_numbers()
        if self.algorithm == -257:
            modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
            return cbor2.dumps({1: 3, 3: -257, -1: modulus, -2: b"\x01\x00\x01"})
        size, curve = (32, 1) if self.algorithm == -7 else (48, 2)
        x, y = numbers.x.to_bytes(size, "big"), numbers.y.to_bytes(size, "big")
        return cbor2.dumps({1: 2, 3: self.algorithm, -1: curve, -2: x, -3: y})

    def sign(self, data: bytes) -> bytes:
        match self.algorithm:
            case -8:
                return self.key.sign(data)
            case -7:
                return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
            case -35:
                return self.key.sign(data, ec.ECDSA(hashes.SHA384()))
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def attestation(self, answer: Answer, cose: bytes | None = None) -> dict:
        answer = replace(answer, flags=answer.flags | ATTESTED)
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + (cose or self.cose())
        attestation = {"fmt": "none", "attStmt": {}, "authData": answer.data(credential)}
        parts = {"clientDataJSON": answer.client_data(), "attestationObject": cbor2.dumps(attestation)}
        return self.credential(parts)

    def assertion(self, answer: Answer, user_handle: bytes) -> dict:
        data, client_data = answer.data(), answer.client_data()
        signature = self.sign(data + hashlib.sha256(client_data).digest())
        parts = {"clientDataJSON": client_data, "authenticatorData": data, "signature": signature}
        return self.credential(parts | {"userHandle": user_handle})

    def credential(self, parts: dict[str, bytes]) -> dict:
        return {
            "id": encode(self.id),
            "rawId": encode(self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {name: encode(part) for name, part in parts.items()},
        }
