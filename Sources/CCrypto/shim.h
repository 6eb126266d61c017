// The functions of SHA-256 themselves, which OpenSSL would rather have called through its registry of algorithms: that
// is the same code behind megabytes and a start of its own.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
