// A network switch whose links are slow and lose frames: what `tc netem` does, for kernels without it.
//
//   link DELAY LOSS RATE PORT PORT...
//
// Forwards Ethernet frames between the interfaces PORT, each DELAY microseconds late, at most RATE
// megabits per second towards each port (0: no limit), one in 1/LOSS of them not at all (LOSS: a
// fraction, drawn from a fixed seed). Runs until it is killed. Frames keep the kernel's offload header,
// so that segments of up to 64 KiB and unfinished checksums pass through as they are.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { max_ports = 16, offload_header = 10, max_frame = offload_header + 18 + 65536 };
// More than a port owes at 1 Gbit/s and 500 ms; beyond it frames are lost, as in a real queue.
static const size_t queue_limit = 64 << 20;

struct frame {
  struct frame *next;
  int64_t due;
  size_t length;
  uint8_t bytes[max_frame];
};

struct port {
  int socket;
  struct frame *first, *last;
  size_t queued;
  int64_t free_at;
};

struct address {
  uint8_t bytes[ETH_ALEN];
  int port;
};

static struct port ports[max_ports];
static struct address addresses[max_ports * 4];
static int port_count, address_count;
// Frames to use again, the last one first: its memory is still in the processor's cache, which the hosts
// on this machine need too.
static struct frame *spare;
static int64_t delay;
static double loss, rate;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int lost(void) {
  static uint64_t state = 1;
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(state >> 11) / (double)(UINT64_C(1) << 53) < loss;
}

static void open_port(const char *name) {
  int on = 1, bytes = 8 << 20;
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  struct port *port = &ports[port_count++];
  port->socket = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
  address.sll_ifindex = (int)if_nametoindex(name);
  if (port->socket < 0 || address.sll_ifindex == 0) fail(name);
  if (setsockopt(port->socket, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) < 0) fail("PACKET_VNET_HDR");
  if (setsockopt(port->socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0)
    fail("PACKET_IGNORE_OUTGOING");
  setsockopt(port->socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
  setsockopt(port->socket, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
  if (bind(port->socket, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
}

// The port behind which an address was seen, or -1.
static int port_of(const uint8_t *address) {
  for (int i = 0; i < address_count; i++)
    if (memcmp(addresses[i].bytes, address, ETH_ALEN) == 0) return addresses[i].port;
  return -1;
}

static void learn(const uint8_t *address, int port) {
  if (port_of(address) >= 0 || address_count == max_ports * 4) return;
  memcpy(addresses[address_count].bytes, address, ETH_ALEN);
  addresses[address_count++].port = port;
}

static struct frame *take_frame(void) {
  struct frame *frame = spare ? spare : malloc(sizeof *frame);
  if (!frame) fail("malloc");
  if (spare) spare = spare->next;
  return frame;
}

static void give_back(struct frame *frame) {
  frame->next = spare;
  spare = frame;
}

static void enqueue(struct port *port, struct frame *frame) {
  size_t length = frame->length;
  if (lost() || port->queued + length > queue_limit) return give_back(frame);
  int64_t start = now();
  if (start < port->free_at) start = port->free_at;
  // Megabits per second are bits per microsecond.
  port->free_at = rate > 0 ? start + (int64_t)((double)(length - offload_header) * 8e3 / rate) : start;
  frame->due = port->free_at + delay;
  frame->next = NULL;
  if (port->last) port->last->next = frame;
  else port->first = frame;
  port->last = frame;
  port->queued += length;
}

static void receive(int source) {
  // A few at a time, so that what is due is sent in between.
  for (int frames = 0; frames < 32; frames++) {
    struct frame *frame = take_frame();
    ssize_t length = recv(ports[source].socket, frame->bytes, max_frame, 0);
    // A port that is down says so once and is silent until it is up.
    if (length < offload_header + ETH_HLEN) return give_back(frame);
    frame->length = (size_t)length;
    const uint8_t *target = frame->bytes + offload_header;
    learn(target + ETH_ALEN, source);
    int known = target[0] & 1 ? -1 : port_of(target);
    for (int i = 0; i < port_count; i++) {
      if (i == source || (known >= 0 && known != i)) continue;
      struct frame *copy = frame;
      if (known < 0) {
        copy = take_frame();
        copy->length = frame->length;
        memcpy(copy->bytes, frame->bytes, frame->length);
      }
      enqueue(&ports[i], copy);
    }
    if (known < 0 || known == source) give_back(frame);
  }
}

// Sends the frames that are due; returns when the next one will be, or INT64_MAX.
static int64_t deliver(struct port *port) {
  while (port->first && port->first->due <= now()) {
    struct frame *frame = port->first;
    if (send(port->socket, frame->bytes, frame->length, 0) < 0 && (errno == EAGAIN || errno == ENOBUFS))
      return now() + 100000;
    port->first = frame->next;
    if (!port->first) port->last = NULL;
    port->queued -= frame->length;
    give_back(frame);
  }
  return port->first ? port->first->due : INT64_MAX;
}

int main(int count, char **arguments) {
  if (count < 6 || count - 4 > max_ports) {
    fprintf(stderr, "usage: link DELAY_MICROSECONDS LOSS RATE_MEGABITS PORT PORT...\n");
    return 64;
  }
  delay = (int64_t)(atof(arguments[1]) * 1e3);
  loss = atof(arguments[2]);
  rate = atof(arguments[3]);
  for (int i = 4; i < count; i++) open_port(arguments[i]);
  prctl(PR_SET_TIMERSLACK, 1);
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    int64_t next = INT64_MAX;
    for (int i = 0; i < port_count; i++) {
      int64_t due = deliver(&ports[i]);
      if (due < next) next = due;
    }
    int64_t wait = next == INT64_MAX ? INT64_C(1000000000) : next - now();
    struct timespec time = {wait > 0 ? wait / 1000000000 : 0, wait > 0 ? wait % 1000000000 : 0};
    struct pollfd polls[max_ports];
    for (int i = 0; i < port_count; i++) polls[i] = (struct pollfd){ports[i].socket, POLLIN, 0};
    if (ppoll(polls, (nfds_t)port_count, &time, NULL) < 0 && errno != EINTR) fail("ppoll");
    for (int i = 0; i < port_count; i++)
      if (polls[i].revents) receive(i);
  }
}
