#include "firmware_shim/gdb/gdb_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <variant>
#include <vector>

namespace pensim {
namespace {

namespace asio = boost::asio;

constexpr std::size_t most_packet_bytes = 0x4000;
constexpr std::size_t most_memory_bytes = most_packet_bytes / 2 - 16;  // of one answer, in hex
constexpr char interrupt_byte = 3;

constexpr const char* target_xml = R"(<?xml version="1.0"?>
<!DOCTYPE target SYSTEM "gdb-target.dtd">
<target version="1.0">
<architecture>arm</architecture>
<feature name="org.gnu.gdb.arm.m-profile">
<reg name="r0" bitsize="32"/><reg name="r1" bitsize="32"/><reg name="r2" bitsize="32"/><reg name="r3" bitsize="32"/>
<reg name="r4" bitsize="32"/><reg name="r5" bitsize="32"/><reg name="r6" bitsize="32"/><reg name="r7" bitsize="32"/>
<reg name="r8" bitsize="32"/><reg name="r9" bitsize="32"/><reg name="r10" bitsize="32"/><reg name="r11" bitsize="32"/>
<reg name="r12" bitsize="32"/><reg name="sp" bitsize="32" type="data_ptr"/><reg name="lr" bitsize="32"/>
<reg name="pc" bitsize="32" type="code_ptr"/><reg name="xpsr" bitsize="32" regnum="25"/>
</feature>
<feature name="org.gnu.gdb.arm.vfp">
<reg name="d0" bitsize="64" type="ieee_double"/><reg name="d1" bitsize="64" type="ieee_double"/>
<reg name="d2" bitsize="64" type="ieee_double"/><reg name="d3" bitsize="64" type="ieee_double"/>
<reg name="d4" bitsize="64" type="ieee_double"/><reg name="d5" bitsize="64" type="ieee_double"/>
<reg name="d6" bitsize="64" type="ieee_double"/><reg name="d7" bitsize="64" type="ieee_double"/>
<reg name="d8" bitsize="64" type="ieee_double"/><reg name="d9" bitsize="64" type="ieee_double"/>
<reg name="d10" bitsize="64" type="ieee_double"/><reg name="d11" bitsize="64" type="ieee_double"/>
<reg name="d12" bitsize="64" type="ieee_double"/><reg name="d13" bitsize="64" type="ieee_double"/>
<reg name="d14" bitsize="64" type="ieee_double"/><reg name="d15" bitsize="64" type="ieee_double"/>
<reg name="fpscr" bitsize="32" type="int" group="float"/>
</feature>
</target>
)";

// ---- hexadecimal text ----

constexpr char digits[] = "0123456789abcdef";

int value_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string to_hex(const std::uint8_t* bytes, std::size_t count) {
  std::string text;
  text.reserve(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

std::string to_hex(std::string_view text) {
  return to_hex(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text) {
  if (text.size() % 2) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = value_of(text[i]), low = value_of(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

// A number at the front of `text`, which is taken off it.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  std::size_t used = 0;
  while (used < text.size() && value_of(text[used]) >= 0 && used < 9)
    value = value * 16 + static_cast<unsigned>(value_of(text[used++]));
  if (used == 0 || value > 0xFFFFFFFFu) return std::nullopt;
  text.remove_prefix(used);
  return static_cast<std::uint32_t>(value);
}

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

struct Range {
  std::uint32_t address = 0, bytes = 0;
};
// "ADDRESS,LENGTH"
std::optional<Range> take_range(std::string_view& text) {
  const auto address = take_number(text);
  if (!address || !take(text, ",")) return std::nullopt;
  const auto bytes = take_number(text);
  if (!bytes) return std::nullopt;
  return Range{*address, *bytes};
}

// ---- registers, in the order and by the numbers of target_xml ----

constexpr unsigned xpsr_number = 25, first_d_number = 26, fpscr_number = 42, register_count = 43;

std::uint8_t* place_of(ArmRegisters& all, unsigned number, std::size_t& bytes) {
  bytes = 4;
  if (number < 16) return reinterpret_cast<std::uint8_t*>(&all.r[number]);
  if (number == xpsr_number) return reinterpret_cast<std::uint8_t*>(&all.xpsr);
  if (number == fpscr_number) return reinterpret_cast<std::uint8_t*>(&all.fpscr);
  bytes = 8;
  if (number >= first_d_number && number < fpscr_number)
    return reinterpret_cast<std::uint8_t*>(&all.d[number - first_d_number]);
  return nullptr;
}

std::string all_registers(ArmRegisters all) {
  std::string text;
  for (unsigned number = 0; number < register_count; ++number) {
    std::size_t bytes = 0;
    if (const std::uint8_t* at = place_of(all, number, bytes)) text += to_hex(at, bytes);
  }
  return text;
}

std::string set_all_registers(GdbGuest& guest, std::string_view text) {
  const auto bytes = from_hex(text);
  ArmRegisters all = guest.registers();
  std::size_t used = 0;
  for (unsigned number = 0; bytes && number < register_count; ++number) {
    std::size_t size = 0;
    std::uint8_t* at = place_of(all, number, size);
    if (at == nullptr || used + size > bytes->size()) continue;
    std::memcpy(at, bytes->data() + used, size);
    used += size;
  }
  if (!bytes || used != bytes->size()) return "E01";
  guest.set_registers(all);
  return "OK";
}

std::string read_register(GdbGuest& guest, std::string_view text) {
  const auto number = take_number(text);
  ArmRegisters all = guest.registers();
  std::size_t bytes = 0;
  const std::uint8_t* at = number ? place_of(all, *number, bytes) : nullptr;
  return at ? to_hex(at, bytes) : "E01";
}

std::string write_register(GdbGuest& guest, std::string_view text) {
  const auto number = take_number(text);
  if (!number || !take(text, "=")) return "E01";
  const auto value = from_hex(text);
  ArmRegisters all = guest.registers();
  std::size_t bytes = 0;
  std::uint8_t* at = place_of(all, *number, bytes);
  if (at == nullptr || !value || value->size() != bytes) return "E01";
  std::memcpy(at, value->data(), bytes);
  guest.set_registers(all);
  return "OK";
}

// ---- memory, breakpoints ----

std::string read_memory(const GdbGuest& guest, std::string_view text) {
  const auto range = take_range(text);
  if (!range || range->bytes > most_memory_bytes) return "E01";
  std::vector<std::uint8_t> bytes(range->bytes);
  return guest.read_memory(range->address, bytes.data(), bytes.size()) ? to_hex(bytes.data(), bytes.size()) : "E0e";
}

std::string write_memory(GdbGuest& guest, std::string_view text) {
  const auto range = take_range(text);
  if (!range || !take(text, ":")) return "E01";
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != range->bytes) return "E01";
  return guest.write_memory(range->address, bytes->data(), bytes->size()) ? "OK" : "E0e";
}

std::string breakpoint(GdbGuest& guest, std::string_view text, bool set) {
  const char kind = text.empty() ? ' ' : text.front();
  text.remove_prefix(text.empty() ? 0 : 1);
  if (!take(text, ",")) return "E01";
  const auto range = take_range(text);
  if (!range) return "E01";
  switch (kind) {
    case '0':
    case '1':
      guest.breakpoint(range->address & ~1u, set);
      return "OK";
    case '2':
    case '3':
    case '4':
      if (range->bytes == 0 || range->bytes > 0x1000) return "E01";
      guest.watchpoint(range->address, range->bytes,
                       kind == '2'   ? GdbGuest::Watch::write
                       : kind == '3' ? GdbGuest::Watch::read
                                     : GdbGuest::Watch::access,
                       set);
      return "OK";
    default:
      return "";
  }
}

// ---- questions ----

std::string part_of_target_xml(std::string_view text) {
  const auto range = take_range(text);
  if (!range) return "E01";
  const std::string_view all = target_xml;
  if (range->address >= all.size()) return "l";
  const std::string_view part = all.substr(range->address, std::min<std::size_t>(range->bytes, most_memory_bytes));
  return (range->address + part.size() < all.size() ? "m" : "l") + std::string(part);
}

std::string monitor(GdbGuest& guest, std::string_view text) {
  const auto command = from_hex(text);
  if (!command) return "E01";
  const std::string asked(command->begin(), command->end());
  std::string answer = guest.monitor(asked);
  if (answer.empty()) answer = "no such command: " + asked.substr(0, 100) + " (monitor help lists them)\n";
  return to_hex(std::string_view(answer).substr(0, most_memory_bytes));
}

std::string question(GdbGuest& guest, std::string_view text) {
  if (take(text, "qSupported"))
    return "PacketSize=4000;qXfer:features:read+;QStartNoAckMode+;vContSupported+;swbreak-;hwbreak-";
  if (take(text, "qXfer:features:read:target.xml:")) return part_of_target_xml(text);
  if (take(text, "qRcmd,")) return monitor(guest, text);
  if (text == "qAttached") return "1";
  if (text == "qC") return "QC1";
  if (text == "qfThreadInfo") return "m1";
  if (text == "qsThreadInfo") return "l";
  if (text.starts_with("qSymbol")) return "OK";
  return "";
}

std::string stop_text(const GdbStop& why) {
  char text[80];
  if (!why.watched) {
    std::snprintf(text, sizeof text, "T%02xthread:1;", why.signal & 0xFF);
  } else {
    const char* kind = why.watch == GdbGuest::Watch::write  ? "watch"
                       : why.watch == GdbGuest::Watch::read ? "rwatch"
                                                            : "awatch";
    std::snprintf(text, sizeof text, "T%02xthread:1;%s:%x;", why.signal & 0xFF, kind, why.watch_address);
  }
  return text;
}

// What a packet asks for: an answer, or that the guest goes on.
using Asked = std::variant<std::string, GdbServer::Go>;

// "vCont;ACTION[:THREAD]...": the first action is the only thread's.
Asked go_on(std::string_view text) {
  if (text == "?") return "vCont;c;C;s;S";
  if (!take(text, ";") || text.empty()) return "E01";
  switch (text.front()) {
    case 'c':
    case 'C':
      return GdbServer::Go::resume;
    case 's':
    case 'S':
      return GdbServer::Go::step;
    default:
      return "E01";
  }
}

// "cADDRESS", "sADDRESS": from another place.
void move_pc(GdbGuest& guest, std::string_view text) {
  const auto address = take_number(text);
  if (!address) return;
  ArmRegisters all = guest.registers();
  all.r[15] = *address;
  guest.set_registers(all);
}

Asked ask(GdbGuest& guest, std::string_view packet, const GdbStop& why) {
  const char kind = packet.empty() ? ' ' : packet.front();
  std::string_view rest = packet.substr(packet.empty() ? 0 : 1);
  switch (kind) {
    case '?':
      return stop_text(why);
    case 'g':
      return all_registers(guest.registers());
    case 'G':
      return set_all_registers(guest, rest);
    case 'p':
      return read_register(guest, rest);
    case 'P':
      return write_register(guest, rest);
    case 'm':
      return read_memory(guest, rest);
    case 'M':
      return write_memory(guest, rest);
    case 'Z':
      return breakpoint(guest, rest, true);
    case 'z':
      return breakpoint(guest, rest, false);
    case 'c':
      move_pc(guest, rest);
      return GdbServer::Go::resume;
    case 's':
      move_pc(guest, rest);
      return GdbServer::Go::step;
    case 'C':
      return GdbServer::Go::resume;
    case 'S':
      return GdbServer::Go::step;
    case 'D':
      return GdbServer::Go::detach;
    case 'k':
      return GdbServer::Go::kill;
    case 'H':
    case 'T':
      return "OK";
    case 'q':
      return question(guest, packet);
    case 'v':
      if (take(rest, "Cont")) return go_on(rest);
      if (take(rest, "Kill")) return GdbServer::Go::kill;
      return "";
    default:
      return "";
  }
}

std::string wrapped(const std::string& payload) {
  // '}' marks a byte that would be taken for a mark itself; a '*' would be a repetition.
  std::string text;
  for (const char c : payload) {
    if (c == '#' || c == '$' || c == '}' || c == '*') {
      text += '}';
      text += static_cast<char>(c ^ 0x20);
    } else {
      text += c;
    }
  }
  unsigned sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return "$" + text + "#" + digits[(sum >> 4) & 15] + digits[sum & 15];
}

std::runtime_error cannot_listen(const std::string& address, const std::string& why) {
  return std::runtime_error("cannot listen for a debugger at " + address + ": " + why);
}

template <class Protocol>
int listening(asio::io_context& io, const typename Protocol::endpoint& at) {
  typename Protocol::acceptor acceptor(io);
  acceptor.open(at.protocol());
  if constexpr (std::is_same_v<Protocol, asio::ip::tcp>)
    acceptor.set_option(asio::ip::tcp::acceptor::reuse_address(true));
  acceptor.bind(at);
  acceptor.listen(1);
  return acceptor.release();
}

}  // namespace

GdbServer::GdbServer(const std::string& address) {
  std::string_view rest = address;
  try {
    if (take(rest, "unix:") && !rest.empty()) {
      const asio::local::stream_protocol::endpoint at{std::string(rest)};
      listener_ = listening<asio::local::stream_protocol>(io_, at);
      path_ = rest;
      return;
    }
    if (take(rest, "tcp:") && !rest.empty() && rest.size() <= 5 &&
        rest.find_first_not_of("0123456789") == std::string_view::npos) {
      const int port = std::stoi(std::string(rest));
      if (port >= 1 && port <= 65535) {
        listener_ =
            listening<asio::ip::tcp>(io_, {asio::ip::address_v4::loopback(), static_cast<asio::ip::port_type>(port)});
        return;
      }
    }
  } catch (const boost::system::system_error& error) {
    throw cannot_listen(address, error.code().message());
  }
  throw cannot_listen(address, "expected unix:PATH or tcp:PORT");
}

GdbServer::~GdbServer() {
  drop();
  if (listener_ >= 0) ::close(listener_);
  if (!path_.empty()) ::unlink(path_.c_str());
}

void GdbServer::wait_for_client() {
  int file = -1;
  do file = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  while (file < 0 && errno == EINTR);
  if (file < 0) throw std::runtime_error(std::string("no debugger came: ") + std::strerror(errno));
  const int family = path_.empty() ? AF_INET : AF_UNIX;
  client_ = std::make_unique<Socket>(io_, asio::generic::stream_protocol(family, 0), file);
  acknowledge_ = true;
  running_ = false;
  received_.clear();
  next_ = 0;
}

void GdbServer::drop() { client_.reset(); }

bool GdbServer::read_byte(char& byte) {
  if (next_ == received_.size()) {
    received_.resize(most_packet_bytes);
    boost::system::error_code error;
    const std::size_t got = client_ ? client_->read_some(asio::buffer(received_), error) : 0;
    received_.resize(error ? 0 : got);
    next_ = 0;
    if (received_.empty()) {
      drop();
      return false;
    }
  }
  byte = received_[next_++];
  return true;
}

// False when the client is gone. What is no packet (acknowledgements, noise) is passed over; one with a wrong sum is
// asked for again.
bool GdbServer::read_packet(std::string& packet) {
  for (;;) {
    char byte = 0;
    do {
      if (!read_byte(byte)) return false;
    } while (byte != '$');
    packet.clear();
    unsigned sum = 0;
    bool escaped = false;
    while (read_byte(byte) && byte != '#') {
      sum += static_cast<unsigned char>(byte);
      if (packet.size() == most_packet_bytes) continue;
      if (byte == '}' && !escaped) {
        escaped = true;
        continue;
      }
      packet += escaped ? static_cast<char>(byte ^ 0x20) : byte;
      escaped = false;
    }
    char high = 0, low = 0;
    if (!read_byte(high) || !read_byte(low)) return false;
    const bool right = value_of(high) * 16 + value_of(low) == static_cast<int>(sum & 0xFF);
    if (acknowledge_ && client_) {
      boost::system::error_code error;
      asio::write(*client_, asio::buffer(right ? "+" : "-", 1), error);
    }
    if (right) return true;
  }
}

void GdbServer::send(const std::string& payload) {
  if (!client_) return;
  boost::system::error_code error;
  asio::write(*client_, asio::buffer(wrapped(payload)), error);
  if (error) drop();
}

GdbServer::Go GdbServer::stopped(GdbGuest& guest, const GdbStop& why) {
  if (running_) send(stop_text(why));
  running_ = false;
  std::string packet;
  while (client_ && read_packet(packet)) {
    if (packet == "QStartNoAckMode") {
      send("OK");
      acknowledge_ = false;
      continue;
    }
    const Asked asked = ask(guest, packet, why);
    if (const auto* answer = std::get_if<std::string>(&asked)) {
      send(*answer);
      continue;
    }
    const Go go = std::get<Go>(asked);
    if (go == Go::detach || packet.starts_with("vKill")) send("OK");
    if (go == Go::detach || go == Go::kill) drop();
    running_ = true;
    return go;
  }
  return Go::detach;
}

bool GdbServer::interrupted() {
  if (!client_) return false;
  char byte = 0;
  if (next_ == received_.size()) {
    const ssize_t got = ::recv(client_->native_handle(), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) drop();
    if (got <= 0) return false;
  }
  return read_byte(byte) && byte == interrupt_byte;
}

void GdbServer::ended(int exit_code) {
  char text[8];
  std::snprintf(text, sizeof text, "W%02x", static_cast<unsigned>(exit_code) & 0xFFu);
  if (running_) send(text);
  drop();
}

}  // namespace pensim
