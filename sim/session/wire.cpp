#include "sim/session/wire.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "sim/platform/file.h"

namespace pensim {
namespace {

constexpr std::size_t most_bytes = 65536, most_files = 4;

[[noreturn]] void fail(const char* what) { throw std::runtime_error(std::string(what) + ": " + std::strerror(errno)); }

}  // namespace

void wire_pair(int (&ends)[2]) {
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
}

void wire_send(int socket, const nlohmann::json& body, const std::vector<int>& files) {
  std::string text = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  iovec piece{text.data(), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(most_files * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (!files.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(files.size() * sizeof(int));
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
    std::memcpy(CMSG_DATA(head), files.data(), files.size() * sizeof(int));
  }
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0) throw WireClosed();
}

std::optional<WireMessage> wire_receive(int socket, bool wait) {
  static char buffer[most_bytes];
  iovec piece{buffer, sizeof buffer};
  alignas(cmsghdr) char control[CMSG_SPACE(most_files * sizeof(int))];
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got;
  do got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  while (got < 0 && errno == EINTR);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
  if (got <= 0) throw WireClosed();
  WireMessage received;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head))
    if (head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
      received.files.resize((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
      std::memcpy(received.files.data(), CMSG_DATA(head), received.files.size() * sizeof(int));
    }
  received.body = nlohmann::json::parse(buffer, buffer + got, nullptr, false);
  if (!received.body.is_object()) {
    for (const int file : received.files) close(file);
    throw WireClosed();
  }
  return received;
}

int text_file(const std::string& text) {
  const int file = memfd_create("pensim-text", MFD_CLOEXEC);
  if (file < 0) fail("memfd_create");
  try {
    write_all(file, text);
  } catch (const std::system_error&) {
    close(file);
    throw;
  }
  return file;
}

std::string file_text(int file) {
  struct stat status {};
  if (fstat(file, &status) != 0) fail("fstat");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  read_all_at(file, text.data(), text.size(), 0);
  return text;
}

}  // namespace pensim
