"""
Azure's own words, by their place in an answer: masking leaves them alone.

https://learn.microsoft.com/rest/api/defenderforcloud/security-contacts
"""

from contacts_audit.azure.clouds import CLOUDS, host_of

ADDRESSED = frozenset({"email", "emails"})
NAMED = frozenset({"displayname", "phone"})
SECLUDED = frozenset({"tags", "phone"})  # whatever is below them is somebody's
CHOICES = frozenset(  # fields by whose words the program decides
    (
        *("state", "type", "code", "errorcode", "httpstatuscode", "sourcetype", "roles"),
        *("minimalseverity", "minimalrisklevel", "alertnotifications", "alertstoadmins"),
        "notificationsbyrole",
    )
)
KEYS = frozenset(
    (
        *ADDRESSED,
        *NAMED,
        *SECLUDED,
        *CHOICES,
        *(
            "id",
            "value",
            "count",
            "name",
            "properties",
            "etag",
            "location",
            "systemdata",
            "isenabled",
        ),
        *("notificationssources", "subscriptionid", "tenantid", "managedbytenants"),
        *("subscriptionpolicies", "authorizationsource", "error", "message", "details", "target"),
        *("innererror", "statuscode", "additionalinfo", "errormessage", "odata.error", "fault"),
    )
)
HEADERS = frozenset(  # of a fixed form
    (
        *("api-supported-versions", "cache-control", "connection", "content-encoding"),
        *("content-length", "content-type", "date", "expires", "last-modified", "location"),
        *("pragma", "retry-after", "retry-after-ms", "x-ms-retry-after-ms", "server", "vary"),
        *("strict-transport-security", "transfer-encoding", "x-cache", "x-content-type-options"),
        "x-ms-failure-cause",
    )
)
QUERIES = frozenset({"api-version", "top", "expand"})
HOSTS = frozenset(
    {host_of(address) for cloud in CLOUDS.values() for address in cloud.addresses}
    | {"aka.ms", "go.microsoft.com", "docs.microsoft.com", "learn.microsoft.com"}
)
