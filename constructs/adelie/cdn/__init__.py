"""CloudFront in front of the assets bucket and the load balancer, with certificates, security headers and a web ACL."""
