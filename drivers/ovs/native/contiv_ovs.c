/* libcontivovs.so: see contiv_ovs.h for what it promises. Here: what all of it shares, and messages without a text.
 *
 * Of libopenvswitch only parsers, encoders, decoders and formatters are called. Its vconn, poll-loop and signal code must not be: they
 * take over the process's signals. Nor what may exit(): parse_ofp_group_mod_file() and the other readers of files, tables and nx_match
 * texts, and group messages of versions before OpenFlow 1.5 (bad_group_cmd()). */
#include "internal.h"

#include <pthread.h>
#include <string.h>

#include "openvswitch/match.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-group.h"
#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofp-port.h"
#include "openvswitch/ofp-util.h"
#include "openvswitch/vlog.h"
#include "byte-order.h"

/* Not a constructor: the log modules register in constructors, which may run after ours. */
static void
silence_log(void)
{
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
}

void
initialize(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, silence_log);
}

int64_t
give(const void *bytes, size_t length, void *out, uint64_t capacity)
{
    if (length > 0 && length <= capacity) {
        memcpy(out, bytes, length);
    }
    return (int64_t) length;
}

/* Sets length and transaction id of a message that libopenvswitch has made. */
void
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

API int64_t
contiv_ovs_encode_dump(uint32_t xid, uint32_t what, uint8_t *out, uint64_t capacity)
{
    initialize();
    switch (what) {
    case CONTIV_OVS_GROUPS:
        return finish_and_give(ofputil_encode_group_desc_request(VERSION_SPOKEN, OFPG_ALL), xid, out, capacity);
    case CONTIV_OVS_METERS:
        return finish_and_give(ofputil_encode_meter_request(VERSION_SPOKEN, OFPUTIL_METER_CONFIG, OFPM13_ALL), xid, out, capacity);
    case CONTIV_OVS_PORT_STATISTICS:
        return finish_and_give(ofputil_encode_dump_ports_request(VERSION_SPOKEN, OFPP_ANY), xid, out, capacity);
    default:
        return CONTIV_OVS_INVALID;
    }
}
