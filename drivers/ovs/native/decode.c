/* Bytes to text: one message, and its kind's own members by the put_…() of the other sources. */
#include "internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/json.h"
#include "openvswitch/ofp-print.h"
#include "util.h"

void
put_member(struct ds *json, const char *name, const char *value)
{
    ds_put_format(json, ",\"%s\":", name);
    json_string_escape(value, json);
}

static void
put_invalid(struct ds *json, uint32_t xid, enum ofperr error)
{
    ds_clear(json);
    ds_put_format(json, "{\"type\":\"INVALID\",\"xid\":%"PRIu32, xid);
    put_member(json, "error", ofperr_get_name(error));
}

static enum ofperr
put_error(struct ds *json, const struct ofp_header *header)
{
    enum ofperr error = ofperr_decode_msg(header, NULL);
    put_member(json, "error", error ? ofperr_get_name(error) : "unknown");
    put_member(json, "description", error ? ofperr_get_description(error) : "an error that this version does not know");
    return 0;
}

static enum ofperr
put_kind(struct ds *json, enum ofptype type, const struct ofp_header *header, uint32_t flags)
{
    switch ((int) type) {
    case OFPTYPE_ERROR:
        return put_error(json, header);
    case OFPTYPE_FLOW_STATS_REPLY:
        return put_flows(json, header, flags);
    case OFPTYPE_GROUP_DESC_STATS_REPLY:
        return put_groups(json, header);
    case OFPTYPE_METER_CONFIG_STATS_REPLY:
        return put_meters(json, header);
    case OFPTYPE_PORT_STATS_REPLY:
        return put_port_statistics(json, header);
    case OFPTYPE_PORT_STATUS:
        return put_port_status(json, header);
    default:
        return 0;
    }
}

static void
put_message(struct ds *json, const struct ofp_header *header, uint32_t flags)
{
    uint32_t xid = ntohl(header->xid);
    enum ofptype type;
    enum ofperr invalid = ofptype_decode(&type, header);
    if (!invalid) {
        ds_put_format(json, "{\"type\":\"%s\",\"xid\":%"PRIu32, ofptype_get_name(type), xid);
        invalid = put_kind(json, type, header, flags);
    }
    if (invalid) {
        put_invalid(json, xid, invalid);
    }
}

/* A copy of the message, aligned as libopenvswitch needs it; NULL when it is not just one message. The caller frees it. */
static struct ofp_header *
copy_message(const uint8_t *message, uint64_t length)
{
    struct ofp_header header;
    if (length < sizeof header || length > UINT16_MAX) {
        return NULL;
    }
    memcpy(&header, message, sizeof header);
    return ntohs(header.length) == length ? xmemdup(message, length) : NULL;
}

API int64_t
contiv_ovs_decode(const uint8_t *message, uint64_t length, uint32_t flags, char *out, uint64_t capacity)
{
    struct ds json = DS_EMPTY_INITIALIZER;
    struct ofp_header *header = copy_message(message, length);

    initialize();
    if (header) {
        put_message(&json, header, flags);
    } else {
        put_invalid(&json, 0, OFPERR_OFPBRC_BAD_LEN);
    }
    ds_put_char(&json, '}');
    int64_t result = give(json.string, json.length, out, capacity);
    ds_destroy(&json);
    free(header);
    return result;
}

API int64_t
contiv_ovs_format(const uint8_t *message, uint64_t length, char *out, uint64_t capacity)
{
    struct ofp_header *header = copy_message(message, length);

    initialize();
    if (!header) {
        return CONTIV_OVS_INVALID;
    }
    char *text = ofp_to_string(header, length, NULL, NULL, 1);
    int64_t result = give(text, strlen(text), out, capacity);
    free(text);
    free(header);
    return result;
}
