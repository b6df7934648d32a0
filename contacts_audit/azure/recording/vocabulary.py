"""
Constants: Azure's field names, headers, hosts and values that masking does not replace.

https://learn.microsoft.com/rest/api/defenderforcloud/security-contacts
"""

from contacts_audit.azure.clouds import CLOUDS, host_of

# Names of fields, in lower case
EMAIL_FIELDS = frozenset({"email", "emails"})
NAME_FIELDS = frozenset({"displayname", "phone"})
PRIVATE_FIELDS = frozenset({"tags", "phone"})  # all that is below them is masked
VALUE_FIELDS = frozenset(  # their values decide verdicts
    {
        *("state", "type", "code", "errorcode", "httpstatuscode", "sourcetype", "roles"),
        *("minimalseverity", "minimalrisklevel", "alertnotifications", "alertstoadmins"),
        "notificationsbyrole",
    }
)
FIELDS = (
    EMAIL_FIELDS
    | NAME_FIELDS
    | PRIVATE_FIELDS
    | VALUE_FIELDS
    | {
        *("id", "value", "count", "name", "properties", "etag", "location", "systemdata"),
        *("isenabled", "notificationssources", "subscriptionid", "tenantid", "managedbytenants"),
        *("subscriptionpolicies", "authorizationsource", "error", "message", "details", "target"),
        *("innererror", "statuscode", "additionalinfo", "errormessage", "odata.error", "fault"),
    }
)
HEADERS = frozenset(  # of a fixed form
    {
        *("api-supported-versions", "cache-control", "connection", "content-encoding"),
        *("content-length", "content-type", "date", "expires", "last-modified", "location"),
        *("pragma", "retry-after", "retry-after-ms", "x-ms-retry-after-ms", "server", "vary"),
        *("strict-transport-security", "transfer-encoding", "x-cache", "x-content-type-options"),
        "x-ms-failure-cause",
    }
)
PARAMETERS = frozenset({"api-version", "top", "expand"})
HOSTS = frozenset(
    {host_of(address) for cloud in CLOUDS.values() for address in cloud.addresses}
    | {"aka.ms", "go.microsoft.com", "docs.microsoft.com", "learn.microsoft.com"}
)
