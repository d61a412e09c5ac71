#!/usr/bin/env bash
# The Rust core for Xcode, into TilikKit/Generated (ignored): bindings in Swift, and the library.
#
#   ./build-core.sh            on a Mac: an xcframework for phones and simulators, with SQLCipher and its own OpenSSL
#   ./build-core.sh debug      the same, unoptimised and for the simulator of this Mac only
#
# On Linux: a shared library for TilikKit's tests. Needs Rust with the targets it names, on a Mac also Xcode.
set -euo pipefail
cd "$(dirname "$0")"
ios=$PWD
root=$(cd ../.. && pwd)
made=$ios/TilikKit/Generated
target=${CARGO_TARGET_DIR:-$root/target}
profile=${1:-release}
name=libtilik_mobile_core
cd "$root"

# Bindings are read from a built library, and say the same whatever it was built for.
if [ "$(uname)" = Darwin ]; then
  cargo build --locked -p tilik-mobile-core --features bindgen
  library=$target/debug/$name.dylib
else
  # As the other tests build it: not one crate twice.
  cargo build --locked --workspace --lib --bins
  library=$target/debug/$name.so
fi
rm -rf "$made"
mkdir -p "$made/TilikCore" "$made/FFI"
"$target/debug/uniffi-bindgen" generate --no-format --language swift --out-dir "$made/TilikCore" "$library"
# A parameter called `case` is a word of the field here and a keyword in C; its name in the header means nothing.
for header in "$made"/TilikCore/*.h; do sed 's/RustBuffer case,/RustBuffer case_,/' "$header" >"$made/FFI/$(basename "$header")"; done
rm "$made"/TilikCore/*.h
rm "$made"/TilikCore/*.modulemap
# One map for both headers: an xcframework takes one.
{
  echo 'module tilik_mobile_coreFFI { header "tilik_mobile_coreFFI.h" export * }'
  echo 'module tilik_protocolFFI { header "tilik_protocolFFI.h" export * }'
} >"$made/FFI/module.modulemap"

if [ "$(uname)" != Darwin ]; then
  mkdir -p "$made/lib"
  cp "$library" "$made/lib/"
  exit 0
fi

build() { # build TARGET: the static library of a platform
  local flags=(--release)
  [ "$profile" = release ] || flags=()
  IPHONEOS_DEPLOYMENT_TARGET=16.0 cargo build --locked -p tilik-mobile-core --features sqlcipher-vendored --lib --target "$1" \
    ${flags[@]+"${flags[@]}"} >&2
  echo "$target/$1/$profile/$name.a"
}

parts=()
if [ "$profile" = release ]; then
  parts+=(-library "$(build aarch64-apple-ios)" -headers "$made/FFI")
  simulators=$made/simulator
  mkdir -p "$simulators"
  lipo -create "$(build aarch64-apple-ios-sim)" "$(build x86_64-apple-ios)" -output "$simulators/$name.a"
  parts+=(-library "$simulators/$name.a" -headers "$made/FFI")
else
  case $(uname -m) in arm64) here=aarch64-apple-ios-sim ;; *) here=x86_64-apple-ios ;; esac
  parts+=(-library "$(build "$here")" -headers "$made/FFI")
fi
xcodebuild -create-xcframework "${parts[@]}" -output "$made/TilikCoreFFI.xcframework"
