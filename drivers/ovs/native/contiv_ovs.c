/* libcontivovs.so: see contiv_ovs.h for what it promises.
 *
 * Of libopenvswitch only parsers, encoders, decoders and formatters are called. Its vconn, poll-loop and signal code must not be: they
 * take over the process's signals. Nor the parsers of groups, tables and nx_match texts: those exit(). */
#include <config.h>

#include "contiv_ovs.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openflow/openflow.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-bundle.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-print.h"
#include "openvswitch/ofp-protocol.h"
#include "openvswitch/ofp-util.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/vlog.h"
#include "byte-order.h"
#include "util.h"

#define API __attribute__((visibility("default")))

static const enum ofp_version VERSION_SPOKEN = OFP15_VERSION;
static const enum ofputil_protocol PROTOCOL = OFPUTIL_P_OF15_OXM;
static const uint16_t BUNDLE_FLAGS = OFPBF_ORDERED | OFPBF_ATOMIC;

/* The length of a message has 16 bits; libopenvswitch asserts that a message, and an action that holds actions, is no longer. So what
 * could make one longer is refused before: two characters of text ("1,") make at most 16 bytes of action. */
enum {
    LINE_MAX_BYTES = 65535,
    NESTED_LINE_MAX_BYTES = 8000,
    ACTIONS_MAX_BYTES = 20000,
    FLOW_MOD_MAX_BYTES = 65535 - 64,
};

/* Not a constructor: the log modules register in constructors, which may run after ours. */
static void
silence_log(void)
{
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
}

static void
initialize(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, silence_log);
}

static int64_t
give(const void *bytes, size_t length, void *out, uint64_t capacity)
{
    if (length > 0 && length <= capacity) {
        memcpy(out, bytes, length);
    }
    return (int64_t) length;
}

static int64_t
give_string(const struct ds *string, char *out, uint64_t capacity)
{
    return give(string->string, string->length, out, capacity);
}

/* Sets length and transaction id of a message that libopenvswitch has made. */
static void
finish(struct ofpbuf *message, uint32_t xid)
{
    ofpmsg_update_length(message);
    ((struct ofp_header *) message->data)->xid = htonl(xid);
}

static int64_t
finish_and_give(struct ofpbuf *message, uint32_t xid, uint8_t *out, uint64_t capacity)
{
    finish(message, xid);
    int64_t length = give(message->data, message->size, out, capacity);
    ofpbuf_delete(message);
    return length;
}

API uint32_t
contiv_ovs_abi(void)
{
    return CONTIV_OVS_ABI;
}

API int64_t
contiv_ovs_version(char *out, uint64_t capacity)
{
    return give(VERSION, strlen(VERSION), out, capacity);
}

/* ## Text to bytes */

/* Returns NULL when the encoded flow matches just what was parsed, otherwise a malloc()ed text that tells the difference. */
static char *
explain_difference(const struct ofputil_flow_mod *parsed, const struct ofpbuf *encoded)
{
    struct ofputil_flow_mod decoded;
    struct ofpbuf actions;
    char *difference = NULL;

    ofpbuf_init(&actions, 256);
    enum ofperr error = ofputil_decode_flow_mod(&decoded, encoded->data, PROTOCOL, NULL, NULL, &actions, OFPP_MAX, 255);
    if (error) {
        difference = xasprintf("Open vSwitch would refuse it: %s", ofperr_get_name(error));
    } else {
        if (!minimatch_equal(&parsed->match, &decoded.match)) {
            char *wanted = minimatch_to_string(&parsed->match, NULL, OFP_DEFAULT_PRIORITY);
            char *left = minimatch_to_string(&decoded.match, NULL, OFP_DEFAULT_PRIORITY);
            difference = xasprintf("of the match \"%s\" only \"%s\" would be left: a field lacks its prerequisite, "
                                   "such as tcp or udp for a port (ovs-fields(7))", wanted, left);
            free(wanted);
            free(left);
        }
        minimatch_destroy(&decoded.match);
    }
    ofpbuf_uninit(&actions);
    return difference;
}

static char *
encode_flow_mod(const struct ofputil_flow_mod *flow_mod, enum ofputil_protocol usable, uint32_t xid, struct ofpbuf **message)
{
    if (!(usable & PROTOCOL)) {
        return xstrdup("it cannot be said in OpenFlow 1.5");
    }
    if (flow_mod->ofpacts_len > ACTIONS_MAX_BYTES) {
        return xstrdup("it has more actions than fit in one message");
    }
    struct ofpbuf *encoded = ofputil_encode_flow_mod(flow_mod, PROTOCOL);
    char *error = encoded->size > FLOW_MOD_MAX_BYTES ? xstrdup("it does not fit in one message") : NULL;
    if (!error) {
        finish(encoded, xid);
        error = explain_difference(flow_mod, encoded);
    }
    if (error) {
        ofpbuf_delete(encoded);
        return error;
    }
    *message = encoded;
    return NULL;
}

/* Returns NULL and an OFPT_FLOW_MOD, or a malloc()ed text that says what is wrong with the line. */
static char *
parse_line(const char *line, size_t length, uint32_t xid, struct ofpbuf **message)
{
    static const char KEYWORD[] = "flow ";

    if (length > LINE_MAX_BYTES) {
        return xasprintf("it has more than %d bytes", LINE_MAX_BYTES);
    }
    if (length > NESTED_LINE_MAX_BYTES && memchr(line, '(', length)) {
        return xasprintf("with actions in parentheses it may not have more than %d bytes", NESTED_LINE_MAX_BYTES);
    }
    if (memchr(line, '\0', length) || memchr(line, '#', length)) {
        return xstrdup("it holds a NUL or a comment");
    }
    if (length < strlen(KEYWORD) || strncmp(line, KEYWORD, strlen(KEYWORD))) {
        return xstrdup("it does not begin with \"flow \"");
    }
    char *text = xmemdup0(line + strlen(KEYWORD), length - strlen(KEYWORD));
    struct ofputil_flow_mod flow_mod;
    enum ofputil_protocol usable;
    /* -2: the text begins with "add", "delete_strict", … */
    char *error = parse_ofp_flow_mod_str(&flow_mod, text, NULL, NULL, -2, &usable);
    if (!error) {
        error = encode_flow_mod(&flow_mod, usable, xid, message);
        free(CONST_CAST(struct ofpact *, flow_mod.ofpacts));
        minimatch_destroy(&flow_mod.match);
    }
    free(text);
    return error;
}

static void
append(struct ofpbuf *output, struct ofpbuf *message, uint32_t xid, uint32_t bundle)
{
    if (bundle) {
        /* The transaction ids of the message and of its wrapping must be equal (OpenFlow 1.5.1 §7.3.9.6). */
        struct ofputil_bundle_add_msg add = { .bundle_id = bundle, .flags = BUNDLE_FLAGS, .msg = message->data };
        struct ofpbuf *wrapped = ofputil_encode_bundle_add(VERSION_SPOKEN, &add);
        finish(wrapped, xid);
        ofpbuf_put(output, wrapped->data, wrapped->size);
        ofpbuf_delete(wrapped);
    } else {
        ofpbuf_put(output, message->data, message->size);
    }
    ofpbuf_delete(message);
}

API int64_t
contiv_ovs_encode_flows(const char *text, uint64_t length, uint32_t first_xid, uint32_t bundle,
                        uint8_t *out, uint64_t capacity, uint32_t where[2],
                        char *error, uint64_t error_capacity)
{
    struct ofpbuf output;
    uint32_t line = 0;
    int64_t result = 0;

    initialize();
    ofpbuf_init(&output, 0);
    for (uint64_t at = 0; at < length; line++) {
        const char *end = memchr(text + at, '\n', length - at);
        uint64_t line_length = end ? (uint64_t) (end - (text + at)) : length - at;
        struct ofpbuf *message = NULL;
        char *reason = parse_line(text + at, line_length, first_xid + line, &message);
        if (reason) {
            if (error_capacity) {
                snprintf(error, error_capacity, "%s", reason);
            }
            free(reason);
            result = CONTIV_OVS_REFUSED;
            break;
        }
        append(&output, message, first_xid + line, bundle);
        at += line_length + 1;
    }
    where[0] = result ? 0 : line;
    where[1] = line;
    if (!result) {
        result = give(output.data, output.size, out, capacity);
    }
    ofpbuf_uninit(&output);
    return result;
}

API int64_t
contiv_ovs_encode_bundle_control(uint32_t xid, uint32_t bundle, uint32_t what, uint8_t *out, uint64_t capacity)
{
    if (what != CONTIV_OVS_BUNDLE_OPEN && what != CONTIV_OVS_BUNDLE_COMMIT && what != CONTIV_OVS_BUNDLE_DISCARD) {
        return CONTIV_OVS_INVALID;
    }
    initialize();
    struct ofputil_bundle_ctrl_msg control = { .bundle_id = bundle, .type = (uint16_t) what, .flags = BUNDLE_FLAGS };
    return finish_and_give(ofputil_encode_bundle_ctrl_request(VERSION_SPOKEN, &control), xid, out, capacity);
}

API int64_t
contiv_ovs_encode_barrier(uint32_t xid, uint8_t *out, uint64_t capacity)
{
    initialize();
    return finish_and_give(ofputil_encode_barrier_request(VERSION_SPOKEN), xid, out, capacity);
}

API int64_t
contiv_ovs_encode_flow_dump(uint32_t xid, uint64_t cookie, uint64_t mask, uint8_t *out, uint64_t capacity)
{
    initialize();
    struct ofputil_flow_stats_request request = {
        .cookie = htonll(cookie),
        .cookie_mask = htonll(mask),
        .out_port = OFPP_ANY,
        .out_group = OFPG_ANY,
        .table_id = OFPTT_ALL,
    };
    match_init_catchall(&request.match);
    return finish_and_give(ofputil_encode_flow_stats_request(&request, PROTOCOL), xid, out, capacity);
}

/* ## Bytes to text */

static void
put_member(struct ds *json, const char *name, const char *value)
{
    ds_put_format(json, ",\"%s\":", name);
    json_string_escape(value, json);
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

static enum ofperr
put_flow_stats(struct ds *json, const struct ofp_header *header, uint32_t flags)
{
    struct ofpbuf message = ofpbuf_const_initializer(header, ntohs(header->length));
    struct ofpbuf actions;
    struct ofputil_flow_stats flow;
    int end;

    ofpbuf_init(&actions, 256);
    ds_put_format(json, ",\"more\":%s,\"flows\":[", ofpmp_more(header) ? "true" : "false");
    for (bool first = true; !(end = ofputil_decode_flow_stats_reply(&flow, &message, true, &actions)); first = false) {
        if (!first) {
            ds_put_char(json, ',');
        }
        put_flow(json, &flow, flags);
    }
    ds_put_char(json, ']');
    ofpbuf_uninit(&actions);
    return end == EOF ? 0 : (enum ofperr) end;
}

static void
put_invalid(struct ds *json, uint32_t xid, enum ofperr error)
{
    ds_clear(json);
    ds_put_format(json, "{\"type\":\"INVALID\",\"xid\":%"PRIu32, xid);
    put_member(json, "error", ofperr_get_name(error));
}

static void
put_message(struct ds *json, const struct ofp_header *header, uint32_t flags)
{
    uint32_t xid = ntohl(header->xid);
    enum ofptype type;
    enum ofperr invalid = ofptype_decode(&type, header);
    if (invalid) {
        put_invalid(json, xid, invalid);
        return;
    }
    ds_put_format(json, "{\"type\":\"%s\",\"xid\":%"PRIu32, ofptype_get_name(type), xid);
    if (type == OFPTYPE_ERROR) {
        enum ofperr error = ofperr_decode_msg(header, NULL);
        put_member(json, "error", error ? ofperr_get_name(error) : "unknown");
        put_member(json, "description", error ? ofperr_get_description(error) : "an error that this version does not know");
    } else if (type == OFPTYPE_FLOW_STATS_REPLY) {
        invalid = put_flow_stats(json, header, flags);
        if (invalid) {
            put_invalid(json, xid, invalid);
        }
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
    int64_t result = give_string(&json, out, capacity);
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
