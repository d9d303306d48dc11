// stream.h - a byte stream to a board: serial port, TCP or Unix socket, by Boost.Asio. One user at a time.
//
// tcp:HOST:PORT, unix:PATH, serial:DEVICE@BAUD (8 data bits, no parity, 1 stop bit, no flow control, low latency where
// the driver has it). A pseudo-terminal is a serial port.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace pensim {

class Stream {
 public:
  // Takes the board for this process (a lock of the address, whatever name was given for the device) and connects.
  // Throws std::runtime_error with a sentence: in use by another run, no such device, nobody listens.
  explicit Stream(const std::string& address, int patience_ms = 2000);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  const std::string& address() const { return address_; }
  bool is_open() const { return file_ >= 0; }
  // All of it; false, and the stream is closed, if the line is gone.
  bool write(const void* bytes, std::size_t count);
  // What there is, waiting up to wait_us for the first byte; 0: nothing came, or the line is gone.
  std::size_t read(void* to, std::size_t room, std::int64_t wait_us);
  // After the line was gone: false if it is still.
  bool reopen();

 private:
  struct Asio;
  void connect(int patience_ms);
  void close();
  std::string address_;
  std::unique_ptr<Asio> asio_;
  int file_ = -1;  // of asio_'s socket or port; does not block
  bool is_socket_ = false;
  int lock_ = -1;
};

}  // namespace pensim
