"""Rules for a security group of AWS, which is closed to whatever it does not name.

https://docs.aws.amazon.com/cli/latest/reference/ec2/authorize-security-group-ingress.html
"""

import json
from typing import Any

from providers.rules.doctor.ports import HostRules, Opening

_ESP = "50"  # by its number: https://www.iana.org/assignments/protocol-numbers/protocol-numbers.xhtml


def aws(rules: HostRules) -> str:
    """Return one host's rules, as a shell script; its security group is to be in the variable GROUP."""
    asked = json.dumps([_permission(each) for each in rules.openings if each.sources])
    group = f'"${{GROUP:?is to be the security group of {rules.host}}}"'
    return f"aws ec2 authorize-security-group-ingress --group-id {group} \\\n  --ip-permissions '{asked}'\n"


def _permission(opening: Opening) -> dict[str, Any]:
    ports = {"FromPort": opening.port, "ToPort": opening.port} if opening.port else {}
    four = [{"CidrIp": f"{each}/32"} for each in opening.sources if ":" not in each]
    six = [{"CidrIpv6": f"{each}/128"} for each in opening.sources if ":" in each]
    ranges = {"IpRanges": four, "Ipv6Ranges": six}
    return {
        "IpProtocol": _ESP if opening.protocol == "esp" else opening.protocol,
        **ports,
        **{key: value for key, value in ranges.items() if value},
    }
