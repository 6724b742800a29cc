"""The tables of sending domains: their keys, how their records stood, what receivers report."""

from django.db import models


class DkimKey(models.Model):
    """One of a pair that signs a sending domain's letters, or will, or did."""

    class Kind(models.TextChoices):
        RSA = "rsa", "RSA"
        ED25519 = "ed25519", "Ed25519"

    host = models.CharField(max_length=300, unique=True)  # of its public half: <selector>._domainkey.<domain>
    domain = models.CharField(max_length=253)
    pair = models.CharField(max_length=42)  # what the two selectors begin with
    kind = models.CharField(max_length=8, choices=Kind)
    # sealed for "dkim:<host>:private": PKCS 8, PEM; gone once its time is over, while its record may still stand in the DNS
    private = models.BinaryField(null=True)
    active = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    wanted_at = models.DateTimeField(null=True)  # it is to sign as soon as the DNS shows it (rotating.py)
    seen_at = models.DateTimeField(null=True)  # since when the DNS has shown it at each look, while it is wanted
    retired_at = models.DateTimeField(null=True)  # it signs no more; letters on their way are still checked with it


class Looked(models.Model):
    """How a domain's record stood when it was last looked at; `domain` is empty for the addresses that mail leaves from."""

    domain = models.CharField(max_length=253, blank=True)
    what = models.CharField(max_length=253)  # SPF, DKIM, PTR, …; of a blocklist its name
    host = models.CharField(max_length=400)  # the name or address that was asked about
    standing = models.CharField(max_length=5)  # of domains.Standing
    words = models.CharField(max_length=600)
    todo = models.CharField(max_length=600, blank=True)
    paste = models.TextField(blank=True)  # a line of a zone file
    at = models.DateTimeField()
    well_at = models.DateTimeField(null=True)  # when it last stood well
    fell_at = models.DateTimeField(null=True)  # since when it is wrong after it stood well

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain", "what", "host"], name="a_record_looked_at_once")]


class Report(models.Model):
    """That one report of a receiver about mail in our name, or to us, was taken."""

    class Kind(models.TextChoices):
        DMARC = "dmarc", "DMARC"
        TLS = "tls", "TLS"

    class Worth(models.TextChoices):
        """Whether the mail that it came in was proved; see reports/proving.py."""

        UNSEEN = "", "not looked at"  # taken before signatures were
        SIGNED = "signed", "signed"
        UNMEANT = "unmeant", "signed with a key that is not for TLS reports"
        FOREIGN = "foreign", "signed by somebody else than it is from"
        UNKNOWN = "unknown", "the DNS did not show its key"
        BROKEN = "broken", "its signature does not hold"
        UNSIGNED = "unsigned", "not signed"

    digest = models.BinaryField(
        max_length=16, unique=True
    )  # of who reports and the report's own id, so that it counts once
    kind = models.CharField(max_length=5, choices=Kind)
    reporter = models.CharField(max_length=120)
    domain = models.CharField(max_length=253)
    begins = models.DateField()
    ends = models.DateField(db_index=True)
    taken_on = models.DateField(db_index=True)
    worth = models.CharField(max_length=8, choices=Worth, default="", db_default="", blank=True)
    signed_by = models.CharField(max_length=253, default="", db_default="", blank=True)  # a domain


class ReportLine(models.Model):
    """So many messages or sessions from one source with one result."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="lines")
    source = models.CharField(max_length=120)  # an address of ours, another's network, or the host that took the mail
    result = models.CharField(max_length=40)
    treated = models.CharField(max_length=20, blank=True)  # none, quarantine, reject; of TLS the kind of policy
    count = models.PositiveBigIntegerField()
