/* What no server can go below: one frame, sent to as many sockets, one by one. It speaks no Socket.IO; to what a client
 * says it answers with the same three texts. Settings come from the environment: PORT, EVENT, PAYLOAD, LEAD in seconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 65536 };

static const char *ANSWERS[] = {
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x03" "0{}",
    "\x81\x04" "40{}",
    "\x81\x05" "430[]",
};
static const char OK[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

static int members[MOST], count;
static int said[MOST]; /* by file: how many of the answers */

static void pause_for(double seconds) {
    struct timespec time = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

static size_t write_frame(char *frame, size_t room) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int filling = atoi(getenv("PAYLOAD")) - (int)strlen("{\"at\":\"\",\"filling\":\"\"}") - 20;
    int size = snprintf(frame + 4, room - 4, "42[\"%s\",{\"at\":\"%020lld\",\"filling\":\"%0*d\"}]", getenv("EVENT"),
                        now.tv_sec * 1000000000LL + now.tv_nsec, filling, 0);
    memcpy(frame, (char[]){(char)0x81, 126, (char)(size >> 8), (char)size}, 4);
    return (size_t)size + 4;
}

static void emit(int events, double gap) {
    char frame[1024];
    pause_for(atof(getenv("LEAD")));
    while (events-- > 0) {
        size_t size = write_frame(frame, sizeof frame);
        for (int i = 0; i < count; i++)
            if (send(members[i], frame, size, MSG_DONTWAIT) != (ssize_t)size) exit(3);
        pause_for(gap);
    }
}

static void leave(int file) {
    for (int i = 0; i < count; i++)
        if (members[i] == file) {
            members[i] = members[--count];
            break;
        }
    close(file);
}

static void hear(int file) {
    char text[4096] = {0};
    int events;
    double gap;
    if (read(file, text, sizeof text - 1) <= 0) {
        leave(file);
    } else if (said[file] > 0 || strstr(text, "Upgrade: websocket")) {
        if (said[file] == 0) members[count++] = file;
        if (said[file] < 3) send(file, ANSWERS[said[file]], strlen(ANSWERS[said[file]]), 0);
        said[file]++;
    } else {
        send(file, OK, strlen(OK), 0);
        close(file);
        char *found = strstr(text, "&events=");
        if (found && sscanf(found, "&events=%d&gap=%lf", &events, &gap) == 2) emit(events, gap);
    }
}

int main(void) {
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(getenv("PORT")))};
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    signal(SIGPIPE, SIG_IGN);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* what is accepted inherits it */
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 512)) return 1;
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    while (epoll_wait(poll, &event, 1, -1) == 1 || errno == EINTR) {
        if (event.data.fd != listener) {
            hear(event.data.fd);
            continue;
        }
        event.data.fd = accept(listener, NULL, NULL);
        if (event.data.fd < 0 || event.data.fd >= MOST) return 2;
        said[event.data.fd] = 0;
        epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event);
    }
}
