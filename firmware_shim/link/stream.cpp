#include "firmware_shim/link/stream.h"

#include <fcntl.h>
#include <linux/serial.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/serial_port.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <stdexcept>

namespace pensim {
namespace {

namespace asio = boost::asio;

constexpr std::int64_t write_patience_ms = 1000;
constexpr long socket_slice_us = 5000;

[[noreturn]] void refuse(const std::string& address, const std::string& why) {
  throw std::runtime_error("link:" + address + ": " + why);
}

// What an error of the system means here, and what to do about it.
std::string sentence_of(const boost::system::error_code& error, bool is_socket) {
  const std::string text = error.message();
  switch (error.value()) {
    case ENOENT:
      return text + (is_socket ? ": start the board, or what stands for it, first"
                               : ": is the board plugged in? `pensim board probe` looks at every serial port");
    case EACCES:
    case EPERM:
      return text + (is_socket ? ": it belongs to another user"
                               : ": serial ports belong to the group dialout, so "
                                 "`sudo adduser $USER dialout` and log in again");
    case EBUSY:
      return text + ": another program has it open; `fuser -v` on the device says which";
    case ECONNREFUSED:
      return text + ": nobody listens there; start the board, or what passes its bytes on";
    case ENOTTY:
    case EINVAL:
      return is_socket ? text : "this is no serial port";
    default:
      return text;
  }
}

struct Parts {
  std::string medium, name, number;  // of tcp and serial: what stands behind the last ':' or '@'
};

Parts parts_of(const std::string& address) {
  Parts p;
  const std::size_t colon = address.find(':');
  p.medium = address.substr(0, colon);
  p.name = colon == std::string::npos ? "" : address.substr(colon + 1);
  const char mark = p.medium == "tcp" ? ':' : p.medium == "serial" ? '@' : '\0';
  if (const std::size_t at = p.name.rfind(mark); mark != '\0' && at != std::string::npos) {
    p.number = p.name.substr(at + 1);
    p.name.resize(at);
  }
  return p;
}

unsigned whole_number(const std::string& address, const std::string& text, const char* what, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0 || value > most)
    refuse(address, "'" + text + "' is no " + what + " from 1 to " + std::to_string(most));
  return value;
}

// One file per board, locked by whoever uses it; the system takes the lock back when that process ends.
int lock_board(const std::string& address) {
  const Parts p = parts_of(address);
  std::error_code error;
  const auto real = std::filesystem::canonical(p.name, error);
  const std::string name = p.medium == "tcp" ? address : p.medium + ":" + (error ? p.name : real.string());
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  const std::string path = std::string(folder != nullptr && *folder != '\0' ? folder : "/tmp") + "/pensim-link-" +
                           std::to_string(::getuid()) + "-" + std::to_string(std::hash<std::string>()(name)) + ".lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) refuse(address, "lock file " + path + ": " + std::strerror(errno));
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    char owner[24] = {};
    if (::read(file, owner, sizeof owner - 1) < 0) owner[0] = '\0';
    ::close(file);
    refuse(address, std::string("the board is in use by process ") + owner + "; one run at a time");
  }
  const std::string me = std::to_string(::getpid());
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, me.data(), me.size(), 0) < 0) {
    ::close(file);
    refuse(address, "lock file " + path + ": " + std::strerror(errno));
  }
  return file;
}

}  // namespace

struct Stream::Asio {
  asio::io_context context;
  asio::ip::tcp::socket tcp{context};
  asio::local::stream_protocol::socket local{context};
  asio::serial_port serial{context};
};

Stream::Stream(const std::string& address, int patience_ms) : address_(address) {
  lock_ = lock_board(address);
  try {
    connect(patience_ms);
  } catch (...) {
    ::close(lock_);
    throw;
  }
}

Stream::~Stream() {
  close();
  if (lock_ >= 0) ::close(lock_);
}

void Stream::close() {
  file_ = -1;
  asio_.reset();
}

void Stream::connect(int patience_ms) {
  const Parts p = parts_of(address_);
  asio_ = std::make_unique<Asio>();
  boost::system::error_code error = asio::error::timed_out;
  int file = -1;
  if (p.medium == "unix") {
    if (p.name.size() > 100) refuse(address_, "a path of a Unix socket has at most 100 characters");
    asio_->local.connect(asio::local::stream_protocol::endpoint(p.name), error);
    file = asio_->local.native_handle();
  } else if (p.medium == "tcp") {
    whole_number(address_, p.number, "port", 65535);
    asio::ip::tcp::resolver resolver(asio_->context);
    const auto ends = resolver.resolve(p.name, p.number, error);
    if (!error) {
      error = asio::error::timed_out;
      asio::async_connect(asio_->tcp, ends, [&](const boost::system::error_code& e, const auto&) { error = e; });
      asio_->context.run_for(std::chrono::milliseconds(patience_ms));
      if (boost::system::error_code ignored; !error)
        asio_->tcp.set_option(asio::ip::tcp::no_delay(true), ignored);
      else
        asio_->tcp.close(ignored);
    }
    file = asio_->tcp.native_handle();
  } else if (p.medium == "serial") {
    const unsigned baud = whole_number(address_, p.number, "baud rate", 12'000'000);
    asio_->serial.open(p.name, error);
    if (!error) {
      boost::system::error_code bad_rate;
      asio_->serial.set_option(asio::serial_port::baud_rate(baud), bad_rate);
      if (bad_rate) refuse(address_, "this port has no rate of " + p.number + " baud");
      asio_->serial.set_option(asio::serial_port::flow_control(asio::serial_port::flow_control::none));
      asio_->serial.set_option(asio::serial_port::parity(asio::serial_port::parity::none));
      asio_->serial.set_option(asio::serial_port::stop_bits(asio::serial_port::stop_bits::one));
      asio_->serial.set_option(asio::serial_port::character_size(8));
      file = asio_->serial.native_handle();
      serial_struct settings{};
      if (::ioctl(file, TIOCGSERIAL, &settings) == 0) {
        settings.flags |= static_cast<int>(ASYNC_LOW_LATENCY);
        ::ioctl(file, TIOCSSERIAL, &settings);  // not every driver has it: the round trip shows
      }
      ::tcflush(file, TCIOFLUSH);
    }
  } else {
    refuse(address_, "expected tcp:HOST:PORT, unix:PATH or serial:DEVICE@BAUD");
  }
  if (error) {
    close();
    refuse(address_, sentence_of(error, p.medium != "serial"));
  }
  is_socket_ = p.medium != "serial";
  if (is_socket_) {  // one call of the system for what is waited for: on a port it takes two
    ::fcntl(file, F_SETFL, ::fcntl(file, F_GETFL) & ~O_NONBLOCK);
    const timeval slice{0, socket_slice_us};
    ::setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof slice);
  } else {
    ::fcntl(file, F_SETFL, ::fcntl(file, F_GETFL) | O_NONBLOCK);
  }
  file_ = file;
}

bool Stream::reopen() {
  close();
  try {
    connect(100);
  } catch (const std::runtime_error&) {
    close();
  }
  return is_open();
}

static bool wait_for_line(int file, short events, std::int64_t wait_us) {
  pollfd polled{file, events, 0};
  const timespec time{static_cast<time_t>(wait_us / 1'000'000), static_cast<long>(wait_us % 1'000'000) * 1000};
  return ::ppoll(&polled, 1, &time, nullptr) > 0;
}

bool Stream::write(const void* bytes, std::size_t count) {
  const char* at = static_cast<const char*>(bytes);
  while (count > 0 && is_open()) {
    const ssize_t put = is_socket_ ? ::send(file_, at, count, MSG_NOSIGNAL | MSG_DONTWAIT) : ::write(file_, at, count);
    if (put > 0) {
      at += put;
      count -= static_cast<std::size_t>(put);
    } else if (put < 0 && errno == EINTR) {
      continue;
    } else if (put < 0 && errno == EAGAIN && wait_for_line(file_, POLLOUT, write_patience_ms * 1000)) {
      continue;
    } else {
      close();
    }
  }
  return is_open();
}

std::size_t Stream::read(void* to, std::size_t room, std::int64_t wait_us) {
  if (!is_open()) return 0;
  const bool in_one = is_socket_ && wait_us >= socket_slice_us;
  if (!in_one && wait_us > 0 && !wait_for_line(file_, POLLIN, wait_us)) return 0;
  const ssize_t got = is_socket_ ? ::recv(file_, to, room, in_one ? 0 : MSG_DONTWAIT) : ::read(file_, to, room);
  if (got > 0) return static_cast<std::size_t>(got);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  close();
  return 0;
}

}  // namespace pensim
