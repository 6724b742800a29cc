"""Reports as receivers write them, by the schemas of RFC 7489, RFC 9990 and RFC 8460. Nobody in them exists."""

import email.policy
import gzip
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

NOW = datetime.now(UTC)
ROW = """  <record>
    <row>
      <source_ip>{source}</source_ip><count>{count}</count>
      <policy_evaluated><disposition>{disposition}</disposition><dkim>{dkim}</dkim><spf>{spf}</spf></policy_evaluated>
    </row>
    <identifiers><envelope_to>mailbox.example</envelope_to><header_from>news.example.org</header_from></identifiers>
    <auth_results>
      <dkim><domain>news.example.org</domain><selector>s1-rsa</selector><result>{dkim}</result></dkim>
      <spf><domain>bounces.example.org</domain><scope>mfrom</scope><result>{spf}</result></spf>
    </auth_results>
  </record>"""


def row(source, count=1, dkim="pass", spf="pass", disposition="none"):
    return ROW.format(source=source, count=count, dkim=dkim, spf=spf, disposition=disposition)


def dmarc(*rows, identity="1", domain="news.example.org", space="", opening='<?xml version="1.0" encoding="UTF-8"?>'):
    """`space`: the namespace that RFC 9990 gives its reports; RFC 7489 has none."""
    ends = int((NOW - timedelta(hours=6)).timestamp())
    return f"""{opening}
<feedback{space}>
  <version>1.0</version>
  <report_metadata>
    <org_name>mailbox.example</org_name><email>dmarc@mailbox.example</email><report_id>{identity}</report_id>
    <date_range><begin>{ends - 86399}</begin><end>{ends}</end></date_range>
  </report_metadata>
  <policy_published>
    <domain>{domain}</domain><adkim>r</adkim><aspf>r</aspf><p>none</p><sp>none</sp><np>none</np><testing>n</testing>
  </policy_published>
{"".join(rows)}
</feedback>
""".encode()


NAMESPACE = ' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"'


def tls(
    *, identity="1", domain="bounces.example.org", went=5326, failures=((303, "certificate-expired"),), failed=None
):
    """As in RFC 8460 appendix B."""
    told = [
        {
            "result-type": kind,
            "sending-mta-ip": "2001:db8:abcd:12::1",
            "receiving-mx-hostname": "mx.example.org",
            "failed-session-count": count,
        }
        for count, kind in failures
    ]
    total = sum(count for count, _ in failures) if failed is None else failed
    day = (NOW - timedelta(days=1)).date()
    report = {
        "organization-name": "Mailbox Example",
        "date-range": {"start-datetime": f"{day}T00:00:00Z", "end-datetime": f"{day}T23:59:59Z"},
        "contact-info": "tls@mailbox.example",
        "report-id": identity,
        "policies": [
            {
                "policy": {
                    "policy-type": "sts",
                    "policy-string": ["version: STSv1", "mode: testing", "mx: *.example.org", "max_age: 86400"],
                    "policy-domain": domain,
                    "mx-host": ["*.example.org"],
                },
                "summary": {"total-successful-session-count": went, "total-failure-session-count": total},
                "failure-details": told,
            }
        ],
    }
    return json.dumps(report).encode()


def zipped(content, name="mailbox.example!news.example.org!1!2.xml", copies=1):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(copies):
            archive.writestr(f"{number}{name}", content)
    return file.getvalue()


def mail(content, kind="application/gzip", name="report.xml.gz", words="This is an aggregate report.", to="reports"):
    """A mail that carries it."""
    made = EmailMessage()
    made["From"], made["To"] = "dmarc@mailbox.example", f"{to}@bounces.example.org"
    made["Subject"] = "Report Domain: news.example.org Submitter: mailbox.example Report-ID: <1>"
    made["Message-ID"] = "<1@mailbox.example>"
    made.set_content(words)
    maintype, _, subtype = kind.partition("/")
    made.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)
    return made.as_bytes(policy=email.policy.SMTP)


def packed(content):
    return gzip.compress(content)
