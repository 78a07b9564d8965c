# SPDX-License-Identifier: Apache-2.0
"""A CA for the origins of the tests, good leaves and bad ones."""
import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _names(hosts):
    def one(host):
        try:
            return x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            return x509.DNSName(host)
    return x509.SubjectAlternativeName([one(host) for host in hosts])


class Authority:
    """An issuing CA; `leaf` writes a PEM file with key and chain and answers its path."""

    def __init__(self, folder, name="Test Origins CA"):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name(name))
                   .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - DAY).not_valid_after(now + 365 * DAY)
                   .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                   .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False),
                                  critical=True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                                  critical=False))
        self.certificate = builder.sign(self.key, hashes.SHA256())
        self.path = folder / (name.replace(" ", "-").lower() + ".pem")
        self.path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def leaf(self, hosts, start=-1, days=30, signer=None, self_signed=False):
        """start and days in days from now; signer: another Authority's key with this one's name (a forgery)."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.utcnow()
        issuer_key = key if self_signed else (signer or self).key
        builder = (x509.CertificateBuilder().subject_name(_name(hosts[0] if hosts else "nobody"))
                   .issuer_name(_name(hosts[0]) if self_signed else self.certificate.subject)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now + start * DAY).not_valid_after(now + (start + days) * DAY)
                   .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                   .add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False),
                                  critical=True)
                   .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
                                  critical=False)
                   .add_extension(_names(hosts), critical=False))
        certificate = builder.sign(issuer_key, hashes.SHA256())
        path = self.folder / f"leaf-{certificate.serial_number:x}.pem"
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption())
            + certificate.public_bytes(serialization.Encoding.PEM))
        return path
