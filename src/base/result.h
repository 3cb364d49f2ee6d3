// Values for expected failures: a Result<T> holds a T or an Error that says what is wrong and what to do.
#pragma once
#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace transom {

/// An expected failure. `message` is complete English for the user: what is wrong, where, what to do; never a secret.
struct Error {
  std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// Makes the error branch of any Result: `return fail("cannot open {}: {}", path, reason);`
template <typename... Args>
tl::unexpected<Error> fail(fmt::format_string<Args...> format, Args&&... args) {
  return tl::make_unexpected(Error{fmt::format(format, std::forward<Args>(args)...)});
}

}  // namespace transom
