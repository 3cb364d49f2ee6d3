// The network as the scanner sees it: one exchange at a time.
#pragma once
#include <functional>
#include <string>

#include "base/bytes.h"

namespace transom::grade {

class Connector {
 public:
  enum class End {
    over,         // enough was taken, or the server closed, or fell silent
    unreachable,  // no connection came about
    exhausted,    // the time or the number of connections that the whole scan may use is over
  };
  /// Takes what came; false: it is enough.
  using Taker = std::function<bool(ByteSpan)>;

  virtual ~Connector() = default;
  /// Opens a connection, sends `octets` and hands on what comes until it is enough, the server closes it or time is up.
  virtual End exchange(ByteSpan octets, const Taker& take) = 0;
  /// Why the last one was `unreachable`.
  virtual std::string error() const = 0;
};

}  // namespace transom::grade
