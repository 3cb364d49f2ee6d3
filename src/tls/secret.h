// Text that does not stay in memory.
#pragma once
#include <openssl/crypto.h>

#include <string>

namespace transom::tls {

class Secret {
 public:
  /// A copy, and not a move, which would leave a short text behind.
  explicit Secret(std::string&& text) : text_(text) { OPENSSL_cleanse(text.data(), text.size()); }
  Secret(Secret&& other) noexcept : text_(other.text_) { other.wipe(); }
  ~Secret() { wipe(); }
  Secret& operator=(Secret&&) = delete;
  const std::string& text() const { return text_; }

 private:
  void wipe() { OPENSSL_cleanse(text_.data(), text_.size()); }
  std::string text_;
};

}  // namespace transom::tls
