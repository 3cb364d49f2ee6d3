#include "cli/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "cli/cli_error.h"

namespace transom::cli {
namespace {

constexpr std::size_t kMaxLine = 4096;
constexpr std::array<int, 5> kEnding = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

volatile std::sig_atomic_t g_caught = 0;
void remember(int signal) { g_caught = signal; }

/// While it lives, a signal only ends `wait`; so nobody is left with a terminal that shows nothing.
class SignalsHeld {
 public:
  SignalsHeld() {
    g_caught = 0;
    sigset_t ending;
    sigemptyset(&ending);
    for (const int signal : kEnding) sigaddset(&ending, signal);
    sigprocmask(SIG_BLOCK, &ending, &mask_before_);
    struct sigaction mine {};
    mine.sa_handler = remember;
    for (std::size_t i = 0; i < kEnding.size(); ++i) sigaction(kEnding[i], &mine, &before_[i]);
  }
  ~SignalsHeld() {
    for (std::size_t i = 0; i < kEnding.size(); ++i) sigaction(kEnding[i], &before_[i], nullptr);
    sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

  /// False: a signal came, now or since this began.
  bool wait(int device) const {
    pollfd ready{device, POLLIN, 0};
    return ppoll(&ready, 1, nullptr, &mask_before_) > 0;
  }

 private:
  std::array<struct sigaction, kEnding.size()> before_{};
  sigset_t mask_before_{};
};

class Unshown {
 public:
  explicit Unshown(int device) : device_(device) {
    tcgetattr(device_, &before_);
    termios quiet = before_;
    quiet.c_lflag = (quiet.c_lflag & ~tcflag_t{ECHO}) | ICANON | ECHONL;
    tcsetattr(device_, TCSAFLUSH, &quiet);
  }
  ~Unshown() { tcsetattr(device_, TCSAFLUSH, &before_); }
  Unshown(const Unshown&) = delete;
  Unshown& operator=(const Unshown&) = delete;

 private:
  int device_;
  termios before_{};
};

void put(int device, const std::string& text) {
  if (write(device, text.data(), text.size()) < 0) give_up("cannot write to the terminal");
}

/// Less than a line at the end of input.
std::string read_line(int device) {
  std::string line(kMaxLine, '\0');
  const ssize_t count = read(device, line.data(), line.size());
  const auto length = static_cast<std::size_t>(count > 0 ? count : 0);
  OPENSSL_cleanse(line.data() + length, line.size() - length);
  line.resize(length);
  return line;
}

}  // namespace

Terminal::Terminal(const std::string& absent) : device_(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
  if (device_ < 0) give_up("{}", absent);
}

Terminal::~Terminal() { close(device_); }

tls::Secret Terminal::ask(const std::string& question) const {
  std::string typed;
  {
    const SignalsHeld signals;
    const Unshown unshown(device_);
    put(device_, question);
    if (signals.wait(device_)) typed = read_line(device_);
  }
  if (g_caught != 0) {
    put(device_, "\n");
    raise(g_caught);  // ends this process, or stops it for a while
  }
  tls::Secret line(std::move(typed));
  if (line.text().empty() || line.text().back() != '\n') give_up("no passphrase was typed; nothing was done");
  return tls::Secret(line.text().substr(0, line.text().size() - 1));
}

}  // namespace transom::cli
