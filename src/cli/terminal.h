// Questions to the person at the terminal whose answers are not shown.
#pragma once
#include <string>

#include "tls/secret.h"

namespace transom::cli {

/// The terminal of this process, whatever stands at its standard input.
class Terminal {
 public:
  /// Ends the command with `absent` where there is none.
  explicit Terminal(const std::string& absent);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// One line, without its end; ends the command where the person gives up.
  tls::Secret ask(const std::string& question) const;

 private:
  int device_;
};

}  // namespace transom::cli
