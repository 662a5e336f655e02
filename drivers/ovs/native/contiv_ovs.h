/* The ABI of libcontivovs.so: Open vSwitch's own flow syntax and OpenFlow 1.5 codec, out of a static libopenvswitch.
 *
 * Rules that hold for every function:
 * - Only integers and buffers of the caller cross the boundary; nothing is kept after the return, nothing is to be freed.
 * - A function that fills a buffer returns the number of bytes of the whole answer. When that exceeds the capacity, nothing was
 *   written and the caller may try again with a larger buffer. Texts are UTF-8 without a NUL at the end.
 * - No socket, file, thread, signal handler or exit hook is used or made. May be called from any thread, also at once.
 * - Hostile input gets an error. Only want of memory and a broken invariant inside libopenvswitch abort().
 *
 * OpenFlow messages are in network byte order and complete, with their header. A change of any signature or meaning raises
 * CONTIV_OVS_ABI; the caller refuses a library whose number is another. */
#ifndef CONTIV_OVS_H
#define CONTIV_OVS_H

#include <stdint.h>

#define CONTIV_OVS_ABI 2

/* Returned instead of a number of bytes. */
enum {
    CONTIV_OVS_REFUSED = -1,    /* A line of the text is wrong: `where[1]` says which, `error` why. */
    CONTIV_OVS_INVALID = -2,    /* An argument is out of its range: a fault of the caller. */
};

/* What contiv_ovs_encode_bundle_control() asks for (OpenFlow 1.5.1 §7.3.9.2, OFPBCT_*). */
enum { CONTIV_OVS_BUNDLE_OPEN = 0, CONTIV_OVS_BUNDLE_COMMIT = 4, CONTIV_OVS_BUNDLE_DISCARD = 6 };

/* Flags of contiv_ovs_decode(). */
enum { CONTIV_OVS_DETAIL = 1 };

uint32_t contiv_ovs_abi(void);

/* The version of the libopenvswitch inside, e.g. "3.1.0". */
int64_t contiv_ovs_version(char *out, uint64_t capacity);

/* What contiv_ovs_encode_dump() asks for. */
enum { CONTIV_OVS_GROUPS = 1, CONTIV_OVS_METERS = 2, CONTIV_OVS_PORT_STATISTICS = 3 };

/* Turns lines, separated by '\n', into one message a line: the i-th line, counted from 0, gets the transaction id `first_xid` + i.
 *   flow add|modify|modify_strict|delete|delete_strict …       as `ovs-ofctl bundle` reads them
 *   group add|modify|add_or_mod|delete group_id=…              the same; types all, select and indirect
 *   packet-out in_port=…,packet=<hexadecimal>,actions=…        the same, in just this order
 *   meter add|modify|delete meter=…                            as `ovs-ofctl add-meter` reads what follows; not in a bundle
 * Empty lines and comments are refused, so lines and messages correspond. `bundle` 0: the messages as they are; else each wrapped in
 * OFPT_BUNDLE_ADD_MESSAGE for that (ordered, atomic) bundle.
 * where[0]: the number of messages; where[1]: the refused line, from 0. `error` is cut off at its capacity and ends with NUL.
 * A line that the message would not say in full (`ip,tp_dst=5`, which lacks a prerequisite, would match all of IP) is refused. */
int64_t contiv_ovs_encode_lines(const char *text, uint64_t length, uint32_t first_xid, uint32_t bundle,
                                uint8_t *out, uint64_t capacity, uint32_t where[2],
                                char *error, uint64_t error_capacity);

int64_t contiv_ovs_encode_bundle_control(uint32_t xid, uint32_t bundle, uint32_t what, uint8_t *out, uint64_t capacity);

int64_t contiv_ovs_encode_barrier(uint32_t xid, uint8_t *out, uint64_t capacity);

/* A request for the flows of all tables whose cookie equals `cookie` in the bits of `mask`. */
int64_t contiv_ovs_encode_flow_dump(uint32_t xid, uint64_t cookie, uint64_t mask, uint8_t *out, uint64_t capacity);

/* A request for all groups, all meters, or the statistics of all ports. */
int64_t contiv_ovs_encode_dump(uint32_t xid, uint32_t what, uint8_t *out, uint64_t capacity);

/* Says one message as JSON: {"type":"OFPT_…","xid":n} and
 *   of an error:                      "error":"OFPBAC_BAD_OUT_GROUP","description":"…"
 *   of a part of a dump:              "more":true|false and
 *     of flows:                       "flows":[{"table":n,"cookie":"0x<16 digits>"},…]
 *       with CONTIV_OVS_DETAIL also   "packets":"n","bytes":"n","text":"priority=… actions=…"
 *     of groups:                      "groups":[{"id":n,"type":"all","buckets":[<bucket id>,…]},…]
 *     of meters:                      "meters":["meter=7 kbps burst bands=\ntype=drop rate=…",…]
 *     of port statistics:             "ports":[{"number":n,"received":[…],"sent":[…]},…], each of packets, bytes, dropped and
 *                                     errors, as "n", or null when they are not counted
 *   of a port that came or went:      "status":{"reason":"add|delete|modify","name":"…","number":n,"up":true|false}
 *   of a message that cannot be understood:  "type":"INVALID","error":"OFPBRC_BAD_LEN" */
int64_t contiv_ovs_decode(const uint8_t *message, uint64_t length, uint32_t flags, char *out, uint64_t capacity);

/* Says one message for people, as `ovs-ofctl ofp-parse` does. */
int64_t contiv_ovs_format(const uint8_t *message, uint64_t length, char *out, uint64_t capacity);

#endif
