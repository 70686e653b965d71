"""CloudFront in front of the assets bucket and the load balancer, with certificates, security headers and a web ACL."""

from adelie.cdn.distribution import Cdn
from adelie.cdn.domain import EDGE_REGION, Certificate
from adelie.cdn.settings import CdnSettings, DomainSettings, HstsSettings, WebAclSettings

__all__ = ["EDGE_REGION", "Cdn", "CdnSettings", "Certificate", "DomainSettings", "HstsSettings", "WebAclSettings"]
