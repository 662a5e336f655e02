/* The parts of dumps, and of a port's status, as JSON. */
#include "internal.h"

#include <inttypes.h>
#include <stdbool.h>

#include "openvswitch/json.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-group.h"
#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofp-port.h"
#include "byte-order.h"
#include "openvswitch/ofp-util.h"

/* `,"more":…,"name":[` */
static void
begin_part(struct ds *json, const struct ofp_header *header, const char *name)
{
    ds_put_format(json, ",\"more\":%s,\"%s\":[", ofpmp_more(header) ? "true" : "false", name);
}

/* Decoders of parts end with EOF. */
static enum ofperr
end_part(struct ds *json, int end)
{
    ds_put_char(json, ']');
    return end == EOF ? 0 : (enum ofperr) end;
}

static void
put_comma(struct ds *json, bool first)
{
    if (!first) {
        ds_put_char(json, ',');
    }
}

static void
put_flow(struct ds *json, const struct ofputil_flow_stats *flow, uint32_t flags)
{
    ds_put_format(json, "{\"table\":%"PRIu8",\"cookie\":\"0x%016"PRIx64"\"", flow->table_id, ntohll(flow->cookie));
    if (flags & CONTIV_OVS_DETAIL) {
        struct ds text = DS_EMPTY_INITIALIZER;
        ofputil_flow_stats_format(&text, flow, NULL, NULL, false);
        /* As strings: JSON's readers lose digits of a 64-bit number. */
        ds_put_format(json, ",\"packets\":\"%"PRIu64"\",\"bytes\":\"%"PRIu64"\"", flow->packet_count, flow->byte_count);
        put_member(json, "text", ds_cstr(&text));
        ds_destroy(&text);
    }
    ds_put_char(json, '}');
}

enum ofperr
put_flows(struct ds *json, const struct ofp_header *header, uint32_t flags)
{
    struct ofpbuf message = ofpbuf_const_initializer(header, ntohs(header->length));
    struct ofpbuf actions;
    struct ofputil_flow_stats flow;
    int end;

    ofpbuf_init(&actions, 256);
    begin_part(json, header, "flows");
    for (bool first = true; !(end = ofputil_decode_flow_stats_reply(&flow, &message, true, &actions)); first = false) {
        put_comma(json, first);
        put_flow(json, &flow, flags);
    }
    ofpbuf_uninit(&actions);
    return end_part(json, end);
}

static const char *
group_type_name(uint8_t type)
{
    switch (type) {
    case OFPGT11_ALL:
        return "all";
    case OFPGT11_SELECT:
        return "select";
    case OFPGT11_INDIRECT:
        return "indirect";
    default:
        return "other";
    }
}

static void
put_group(struct ds *json, const struct ofputil_group_desc *group)
{
    const struct ofputil_bucket *bucket;
    bool first = true;

    ds_put_format(json, "{\"id\":%"PRIu32",\"type\":\"%s\",\"buckets\":[", group->group_id, group_type_name(group->type));
    LIST_FOR_EACH (bucket, list_node, &group->buckets) {
        put_comma(json, first);
        first = false;
        ds_put_format(json, "%"PRIu32, bucket->bucket_id);
    }
    ds_put_cstr(json, "]}");
}

enum ofperr
put_groups(struct ds *json, const struct ofp_header *header)
{
    struct ofpbuf message = ofpbuf_const_initializer(header, ntohs(header->length));
    struct ofputil_group_desc group;
    int end;

    begin_part(json, header, "groups");
    for (bool first = true; !(end = ofputil_decode_group_desc_reply(&group, &message, header->version)); first = false) {
        put_comma(json, first);
        put_group(json, &group);
        ofputil_uninit_group_desc(&group);
    }
    return end_part(json, end);
}

enum ofperr
put_meters(struct ds *json, const struct ofp_header *header)
{
    struct ofpbuf message = ofpbuf_const_initializer(header, ntohs(header->length));
    struct ofpbuf bands;
    struct ofputil_meter_config meter;
    int end;

    ofpbuf_init(&bands, 64);
    begin_part(json, header, "meters");
    for (bool first = true; !(end = ofputil_decode_meter_config(&message, &meter, &bands)); first = false) {
        struct ds text = DS_EMPTY_INITIALIZER;
        put_comma(json, first);
        ofputil_format_meter_config(&text, &meter);
        json_string_escape(ds_cstr(&text), json);
        ds_destroy(&text);
    }
    ofpbuf_uninit(&bands);
    return end_part(json, end);
}

static void
put_counter(struct ds *json, uint64_t count, char after)
{
    /* As a string: JSON's readers lose digits of a 64-bit number. */
    if (count == UINT64_MAX) {
        ds_put_cstr(json, "null");
    } else {
        ds_put_format(json, "\"%"PRIu64"\"", count);
    }
    ds_put_char(json, after);
}

static void
put_counters(struct ds *json, const char *name, const uint64_t counters[4])
{
    ds_put_format(json, ",\"%s\":[", name);
    for (int i = 0; i < 4; i++) {
        put_counter(json, counters[i], i < 3 ? ',' : ']');
    }
}

enum ofperr
put_port_statistics(struct ds *json, const struct ofp_header *header)
{
    struct ofpbuf message = ofpbuf_const_initializer(header, ntohs(header->length));
    struct ofputil_port_stats port;
    int end;

    begin_part(json, header, "ports");
    for (bool first = true; !(end = ofputil_decode_port_stats(&port, &message)); first = false) {
        const struct netdev_stats *stats = &port.stats;
        put_comma(json, first);
        ds_put_format(json, "{\"number\":%"PRIu32, port.port_no);
        put_counters(json, "received",
                     (uint64_t[4]) { stats->rx_packets, stats->rx_bytes, stats->rx_dropped, stats->rx_errors });
        put_counters(json, "sent",
                     (uint64_t[4]) { stats->tx_packets, stats->tx_bytes, stats->tx_dropped, stats->tx_errors });
        ds_put_char(json, '}');
        netdev_free_custom_stats_counters(&port.custom_stats);
    }
    return end_part(json, end);
}

static const char *
reason_name(enum ofp_port_reason reason)
{
    return reason == OFPPR_ADD ? "add" : reason == OFPPR_DELETE ? "delete" : "modify";
}

enum ofperr
put_port_status(struct ds *json, const struct ofp_header *header)
{
    struct ofputil_port_status status;
    enum ofperr error = ofputil_decode_port_status(header, &status);
    if (error) {
        return error;
    }
    bool up = !(status.desc.config & OFPUTIL_PC_PORT_DOWN) && !(status.desc.state & OFPUTIL_PS_LINK_DOWN);
    ds_put_format(json, ",\"status\":{\"reason\":\"%s\"", reason_name(status.reason));
    put_member(json, "name", status.desc.name);
    ds_put_format(json, ",\"number\":%"PRIu32",\"up\":%s}", status.desc.port_no, up ? "true" : "false");
    return 0;
}
