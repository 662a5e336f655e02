/* What the sources of libcontivovs.so share. */
#ifndef CONTIV_OVS_INTERNAL_H
#define CONTIV_OVS_INTERNAL_H

#include <config.h>

#include "contiv_ovs.h"

#include <stddef.h>

#include "openflow/openflow.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-bundle.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-protocol.h"
#include "openvswitch/ofpbuf.h"

#define API __attribute__((visibility("default")))

static const enum ofp_version VERSION_SPOKEN = OFP15_VERSION;
static const enum ofputil_protocol PROTOCOL = OFPUTIL_P_OF15_OXM;
static const uint16_t BUNDLE_FLAGS = OFPBF_ORDERED | OFPBF_ATOMIC;

/* The length of a message has 16 bits; libopenvswitch asserts that an action that holds actions is no longer, and wraps round the rest.
 * So what could make one longer is refused before: two characters of text ("1,") make at most 16 bytes of action. */
enum {
    LINE_MAX_BYTES = 65535,
    /* Of which each bucket is parsed for itself. */
    GROUP_LINE_MAX_BYTES = 1000000,
    NESTED_LINE_MAX_BYTES = 8000,
    ACTIONS_MAX_BYTES = 20000,
    /* Less than 65,535 by what a bundle wraps around it. */
    MESSAGE_MAX_BYTES = 65535 - 64,
};

void initialize(void);

/* Copies the answer out when it fits; returns its length. */
int64_t give(const void *bytes, size_t length, void *out, uint64_t capacity);

/* Sets length and transaction id of a message that libopenvswitch has made. */
void finish(struct ofpbuf *message, uint32_t xid);

/* The parsers of one kind of line, without its first word. Each returns NULL and a message without transaction id, or a malloc()ed text
 * that says what is wrong. */
char *parse_flow_line(const char *text, struct ofpbuf **message);
char *parse_group_line(const char *text, struct ofpbuf **message);
char *parse_meter_line(const char *text, struct ofpbuf **message);
char *parse_packet_line(const char *text, struct ofpbuf **message);

/* Each puts one or more members of the message's JSON object, or returns why the message cannot be understood. */
enum ofperr put_flows(struct ds *, const struct ofp_header *, uint32_t flags);
enum ofperr put_groups(struct ds *, const struct ofp_header *);
enum ofperr put_meters(struct ds *, const struct ofp_header *);
enum ofperr put_port_statistics(struct ds *, const struct ofp_header *);
enum ofperr put_port_status(struct ds *, const struct ofp_header *);

/* `,"name":"value"` */
void put_member(struct ds *, const char *name, const char *value);

#endif
