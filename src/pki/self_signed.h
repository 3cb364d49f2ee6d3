// Certificates that vouch for themselves.
#pragma once
#include <cstdint>

#include "base/result.h"
#include "pki/names.h"
#include "tls/handles.h"

namespace transom::pki {

/// For a server of `names`, from an hour before `now` (seconds since 1970), for clocks that are behind, for `days`. It
/// is no authority: whoever gets its key can pretend to be these hosts and no others. Mail addresses are refused.
Result<tls::CertificateHandle> make_self_signed(const Names& names, EVP_PKEY* key, std::int64_t now, int days);

}  // namespace transom::pki
