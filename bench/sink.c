/* A receiver that costs next to nothing, so that what is measured is the sender: one process, one epoll loop, PIPELINING,
   CHUNKING if asked for, and every message taken. Counts messages; can record each Message-ID, written before its 250.

   cc -O2 -o sink sink.c && ./sink PORT [-c] [-r FILE]
   -c offers CHUNKING. -r appends one Message-ID a line, as it stood in the header, without angle brackets.
   Prints the port it got (0: any) when it listens; at SIGTERM one line of JSON: messages, bytes, connections, recipients. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 262144, LINE = 4096, HEAD = 8192, REPLIES = 65536, MOST = 4096 };

struct client {
  int fd, in_data, held, headed, answered;
  long chunk;          /* bytes of BDAT still to come */
  int is_last;
  char tail[5];        /* the last four bytes of the message so far, to find an end that was cut */
  char line[LINE];     /* a command that has not arrived whole */
  char head[HEAD];     /* where Message-ID is looked for */
  char replies[REPLIES];
};

static struct client *clients[MOST];
static char room[ROOM];
static long messages, bytes, connections, recipients;
static int chunking, record = -1;
static volatile sig_atomic_t over;

static void stop(int signal) { (void)signal; over = 1; }

static void say(struct client *c, const char *text) {
  size_t size = strlen(text);
  if (c->answered + size > REPLIES) abort(); /* nobody pipelines that deep */
  memcpy(c->replies + c->answered, text, size);
  c->answered += size;
}

static void keep(struct client *c, const char *data, size_t size) {
  if (record < 0 || c->headed == HEAD) return;
  if (size > (size_t)(HEAD - c->headed)) size = HEAD - c->headed;
  memcpy(c->head + c->headed, data, size);
  c->headed += size;
}

static void taken(struct client *c) {
  static const char name[] = "\r\nMessage-ID: <";
  messages++;
  if (record >= 0) {
    char *found = memmem(c->head, c->headed, name, sizeof name - 1), *end = NULL;
    if (found && (found += sizeof name - 1)) end = memchr(found, '>', c->head + c->headed - found);
    if (end) *end = '\n';
    else found = "?\n", end = found + 1;
    if (write(record, found, end + 1 - found) < 0) exit(1);
  }
  c->headed = 0;
  say(c, "250 2.0.0 taken\r\n");
}

static void start(struct client *c) {
  c->in_data = 1, c->headed = 0;
  memcpy(c->tail, "\0\0\r\n", 5); /* an empty message is a dot alone */
}

static void obey(struct client *c, const char *line) {
  if (!strncasecmp(line, "MAIL", 4)) say(c, "250 2.1.0 ok\r\n");
  else if (!strncasecmp(line, "RCPT", 4)) recipients++, say(c, "250 2.1.5 ok\r\n");
  else if (!strncasecmp(line, "DATA", 4)) start(c), say(c, "354 go on\r\n");
  else if (!strncasecmp(line, "BDAT", 4)) {
    char *rest;
    c->chunk = strtol(line + 4, &rest, 10), c->is_last = strcasestr(rest, "LAST") != NULL;
    if (c->chunk == 0) c->is_last ? taken(c) : say(c, "250 2.0.0 ok\r\n");
  }
  else if (!strncasecmp(line, "EHLO", 4))
    say(c, chunking ? "250-sink\r\n250-PIPELINING\r\n250-SIZE 0\r\n250-8BITMIME\r\n250-CHUNKING\r\n250 ENHANCEDSTATUSCODES\r\n"
                    : "250-sink\r\n250-PIPELINING\r\n250-SIZE 0\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n");
  else if (!strncasecmp(line, "RSET", 4) || !strncasecmp(line, "NOOP", 4) || !strncasecmp(line, "HELO", 4)) say(c, "250 2.0.0 ok\r\n");
  else if (!strncasecmp(line, "QUIT", 4)) say(c, "221 2.0.0 bye\r\n");
  else say(c, "500 5.5.2 what\r\n");
}

/* How much of `data` belongs to the message; the end may have begun in what came before. */
static size_t through_end(struct client *c, const char *data, size_t size, int *ended) {
  static const char end[] = "\r\n.\r\n";
  char seam[9];
  size_t near = size < 4 ? size : 4;
  memcpy(seam, c->tail, 4);
  memcpy(seam + 4, data, near);
  char *found = memmem(seam, 4 + near, end, 5);
  if (found) {
    *ended = 1;
    return found + 5 - (seam + 4);
  }
  found = memmem(data, size, end, 5);
  if (found) {
    *ended = 1;
    return found + 5 - data;
  }
  memmove(c->tail, seam + near, 4);
  if (size >= 4) memcpy(c->tail, data + size - 4, 4);
  return size;
}

static void hear(struct client *c, const char *data, size_t size) {
  while (size) {
    size_t used;
    if (c->in_data) {
      int ended = 0;
      used = through_end(c, data, size, &ended);
      keep(c, data, used);
      if (ended) c->in_data = 0, taken(c);
    } else if (c->chunk) {
      used = size < (size_t)c->chunk ? size : (size_t)c->chunk;
      keep(c, data, used);
      c->chunk -= used;
      if (!c->chunk) c->is_last ? taken(c) : say(c, "250 2.0.0 ok\r\n");
    } else {
      const char *end = memchr(data, '\n', size);
      used = end ? (size_t)(end + 1 - data) : size;
      if (c->held + used >= LINE) exit(2);
      memcpy(c->line + c->held, data, used);
      c->held += used;
      if (end) c->line[c->held] = 0, c->held = 0, obey(c, c->line);
    }
    data += used, size -= used, bytes += used;
  }
}

static void serve(struct client *c) {
  ssize_t size = recv(c->fd, room, ROOM, 0);
  if (size > 0) {
    hear(c, room, size);
    if (!c->answered || send(c->fd, c->replies, c->answered, MSG_NOSIGNAL) == c->answered) {
      c->answered = 0;
      return;
    }
  } else if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  close(c->fd);
  clients[c->fd] = NULL;
  free(c);
}

int main(int count, char **words) {
  int one = 1, listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poll = epoll_create1(0), option;
  while ((option = getopt(count, words, "cr:")) != -1) {
    if (option == 'c') chunking = 1;
    else if (option == 'r') record = open(optarg, O_WRONLY | O_CREAT | O_APPEND, 0600);
    else return 2;
  }
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof here;
  here.sin_port = htons(optind < count ? atoi(words[optind]) : 0);
  setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listening, (struct sockaddr *)&here, sizeof here) || listen(listening, 512)) return perror("sink"), 1;
  getsockname(listening, (struct sockaddr *)&here, &length);
  struct sigaction act = {.sa_handler = stop};
  sigaction(SIGTERM, &act, NULL);
  sigaction(SIGINT, &act, NULL);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listening}, events[64];
  epoll_ctl(poll, EPOLL_CTL_ADD, listening, &event);
  printf("%d\n", ntohs(here.sin_port));
  fflush(stdout);
  while (!over) {
    int ready = epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd != listening) {
        serve(clients[fd]);
        continue;
      }
      if ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK)) < 0) continue;
      if (fd >= MOST) {
        close(fd);
        continue;
      }
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      clients[fd] = calloc(1, sizeof *clients[fd]);
      clients[fd]->fd = fd;
      connections++;
      if (send(fd, "220 sink\r\n", 10, MSG_NOSIGNAL) < 0) continue;
      event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
      epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    }
  }
  printf("{\"messages\": %ld, \"bytes\": %ld, \"connections\": %ld, \"recipients\": %ld}\n", messages, bytes, connections, recipients);
  return 0;
}
