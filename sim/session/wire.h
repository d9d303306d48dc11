// session_wire.h - what a session, its server and the processes of its run say to each other: small JSON texts in
// packets of Unix sockets (SOCK_SEQPACKET), each with up to four descriptors. Long texts travel as files in memory.
//
//   session ──────── server (pensim serve-session)     begin: files, control, resolved scenario, core, from, allowed
//                                                      refused, ended
//   session ──────── process of the run (control)      allowed [first, resolved]; began, taken, late
//   process of the run ──── server (reports)           copy: tick, pid, the socket that wakes it
//   server ──────── sleeping copy                      as begin; the end of the socket ends the copy
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace pensim {

struct WireMessage {
  nlohmann::json body;
  std::vector<int> files;  // the receiver's to close
};

class WireClosed : public std::runtime_error {
 public:
  WireClosed() : std::runtime_error("the other end of the wire is gone") {}
};

// Both ends, closed on exec. Throws std::runtime_error.
void wire_pair(int (&ends)[2]);
// Throws WireClosed.
void wire_send(int socket, const nlohmann::json& body, const std::vector<int>& files = {});
// The next message; nullopt if there is none and `wait` is false. Throws WireClosed, also for what is no message.
std::optional<WireMessage> wire_receive(int socket, bool wait);

// A file in memory with this text, and back. Throw std::runtime_error.
int text_file(const std::string& text);
std::string file_text(int file);

}  // namespace pensim
