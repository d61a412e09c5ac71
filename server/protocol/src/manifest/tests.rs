use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{DerSignature, Signature, SigningKey};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn id<T: From<Uuid>>(n: u128) -> T {
    T::from(Uuid::from_u128(
        0x0193_5c00_0000_7000_8000_0000_0000_0000 + n,
    ))
}

fn at(s: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000).plus_s(s)
}

/// The least a manifest can be.
fn minimal() -> Manifest {
    Manifest {
        version: 1,
        visit: id(1),
        device: id(2),
        seq: 1,
        prev: None,
        case: None,
        case_version: None,
        officer: id(3),
        region: "35.71.03.1009".parse().unwrap(),
        kind: VisitKind::Finding.into(),
        unreachable: None,
        supersedes: None,
        arrived_at: at(0),
        captured_at: at(60),
        photos: vec![],
        pin: None,
        answers: None,
        notice_read_at: None,
        clock: ManifestClock {
            wall: at(60),
            elapsed_ns: 0,
            boot_id: String::new(),
            boot_count: None,
            auto_time: None,
            time_token: None,
            token_elapsed_ns: None,
        },
        app: ManifestApp {
            version: "0.1.0".into(),
            build: "test".into(),
            key_level: "software".into(),
            dev_options: None,
            adb: None,
            debugger: None,
            hooked: None,
            rooted: None,
        },
        created_by: "camera".into(),
        training: false,
    }
}

/// Every field there is.
fn maximal() -> Manifest {
    let fix = ManifestFix {
        lat_e7: -78_400_001,
        lon_e7: 1_120_150_001,
        accuracy_cm: 450,
        altitude_cm: Some(-120),
        speed_cm_s: Some(0),
        bearing_cdeg: Some(35_999),
        provider: "gps".into(),
        mock: false,
        elapsed_ns: 5_000_000_000,
        taken_at: at(30),
    };
    let photo = |n: u128, kind| ManifestPhoto {
        id: id(10 + n),
        kind,
        sha256: Hash32::of(&n.to_be_bytes()),
        len: 312_345,
        sealed_sha256: Hash32::of(b"sealed"),
        sealed_len: 312_600,
        width: 2048,
        height: 1536,
        taken_at: at(20),
        camera: ManifestCamera {
            make: Some("Xiaomi".into()),
            model: Some("Redmi 9A".into()),
            exposure_us: Some(8_333),
            iso: Some(100),
            focal_um: Some(3_500),
            orientation: 6,
            exif_taken: Some("2026:11:18 10:00:00".into()),
        },
    };
    Manifest {
        seq: 57,
        prev: Some(Hash32::of(b"before")),
        case: Some(id(4)),
        case_version: Some(3),
        kind: VisitKind::Full.into(),
        unreachable: Some(UnreachableReason::Refused.into()),
        supersedes: Some(id(5)),
        photos: vec![
            photo(0, PhotoKind::HouseFront.into()),
            photo(1, Lenient::Unknown("roof_close_up".into())),
        ],
        pin: Some(ManifestPin {
            lat_e7: -78_400_000,
            lon_e7: 1_120_150_000,
            accuracy_cm: 420,
            source: "gnss".into(),
            mock: false,
            taken_at: at(31),
            fixes: vec![fix.clone(), fix],
        }),
        answers: Some(ManifestAnswers {
            form: "kepmensos-262".into(),
            form_version: 1,
            sha256: Hash32::of(b"answers"),
            len: 310,
            sealed_sha256: Hash32::of(b"sealed answers"),
            sealed_len: 520,
        }),
        notice_read_at: Some(at(5)),
        clock: ManifestClock {
            wall: at(60),
            elapsed_ns: 86_400_000_000_000,
            boot_id: "b-1".into(),
            boot_count: Some(12),
            auto_time: Some(true),
            time_token: Some("t1.abc".into()),
            token_elapsed_ns: Some(80_000_000_000_000),
        },
        app: ManifestApp {
            dev_options: Some(false),
            adb: Some(false),
            debugger: Some(false),
            hooked: Some(false),
            rooted: Some(true),
            ..minimal().app
        },
        training: true,
        ..minimal()
    }
}

fn sign(manifest: &Manifest) -> Vec<u8> {
    let signature: Signature = key().sign(&manifest.to_be_signed());
    manifest.assemble(signature.to_bytes().into())
}

fn genuine(cose: &[u8]) -> bool {
    SignedManifest::parse(cose).is_ok_and(|signed| {
        Signature::from_slice(signed.signature()).is_ok_and(|s| {
            key()
                .verifying_key()
                .verify(signed.to_be_signed(), &s)
                .is_ok()
        })
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The vectors are a promise: any build must write these bytes. The file is changed by hand only.
#[test]
fn the_vectors_of_version_1_are_reproduced_byte_by_byte() {
    let public = key().verifying_key().to_encoded_point(false);
    let vectors: Vec<_> = [("minimal", minimal()), ("maximal", maximal())]
        .into_iter()
        .map(|(name, manifest)| {
            serde_json::json!({
                "name": name,
                "public_key": hex(public.as_bytes()),
                "content": manifest,
                "payload": hex(&manifest.payload()),
                "to_be_signed": hex(&manifest.to_be_signed()),
                "cose": hex(&sign(&manifest)),
                "chain_hash": Hash32::of(&sign(&manifest)),
            })
        })
        .collect();
    let now = serde_json::to_string_pretty(&vectors).unwrap() + "\n";
    let kept = include_str!("../../vectors/manifest_v1.json");
    assert!(now == kept, "the encoding of version 1 changed:\n{now}");
}

#[test]
fn what_was_signed_reads_back_and_verifies() {
    for manifest in [minimal(), maximal()] {
        let cose = sign(&manifest);
        let signed = SignedManifest::parse(&cose).unwrap();
        assert_eq!(signed.manifest(), &manifest);
        assert!(genuine(&cose));
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    for cose in [sign(&minimal()), sign(&maximal())] {
        for bit in 0..cose.len() * 8 {
            let mut flipped = cose.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!genuine(&flipped), "bit {bit}");
        }
    }
}

#[test]
fn every_cut_and_every_appended_byte_is_refused() {
    let cose = sign(&maximal());
    for len in 0..cose.len() {
        assert!(SignedManifest::parse(&cose[..len]).is_err(), "cut at {len}");
    }
    assert!(SignedManifest::parse(&[cose, vec![0]].concat()).is_err());
}

#[test]
fn a_wrong_field_is_named() {
    let refused = |change: fn(&mut Manifest)| {
        let mut manifest = maximal();
        change(&mut manifest);
        SignedManifest::parse(&sign(&manifest)).unwrap_err()
    };
    assert_eq!(refused(|m| m.version = 2), ManifestError::UnknownVersion(2));
    assert_eq!(refused(|m| m.prev = None), ManifestError::Field("prev"));
    assert_eq!(
        refused(|m| m.photos[1].id = m.photos[0].id),
        ManifestError::Field("photos.id")
    );
    assert_eq!(
        refused(|m| m.photos[0].len = 0),
        ManifestError::Field("photos.len")
    );
    assert_eq!(
        refused(|m| m.pin.as_mut().unwrap().lat_e7 = 900_000_001),
        ManifestError::Field("pin.lat_e7")
    );
    assert_eq!(
        refused(|m| m.created_by = "x".repeat(MAX_TEXT_BYTES + 1)),
        ManifestError::Field("created_by")
    );
}

#[test]
fn another_encoding_of_the_same_content_is_refused() {
    // The version written as a two-byte integer (0x18 0x01) is the same number, not the same bytes.
    let payload = minimal().payload();
    assert_eq!(payload[..3], [0xae, 0x01, 0x01]);
    let long = [&payload[..2], &[0x18, 0x01], &payload[3..]].concat();
    let protected = protected(minimal().device);
    let signature: Signature = key().sign(&to_be_signed(&protected, &long));
    let cose = cose(&protected, &long, &signature.to_bytes());
    assert_eq!(
        SignedManifest::parse(&cose).unwrap_err(),
        ManifestError::NotCanonical
    );
}

#[test]
fn der_signatures_of_a_keystore_become_raw_ones() {
    for n in 0..200_u32 {
        let message = n.to_be_bytes();
        let raw: Signature = key().sign(&message);
        let der: DerSignature = raw.to_der();
        assert_eq!(der_to_raw(der.as_bytes()).unwrap()[..], raw.to_bytes()[..]);
    }
    for bad in [
        &b""[..],
        &[0x30],
        &[0x30, 0],
        &[0x30, 2, 2, 0],
        &[0x31, 0],
        &[0xff; 80],
    ] {
        assert!(der_to_raw(bad).is_err());
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = SignedManifest::parse(&bytes);
        let _ = der_to_raw(&bytes);
    }

    #[test]
    fn damaged_manifests_never_panic(at in 0_usize..1200, with in any::<[u8; 4]>()) {
        let mut cose = sign(&maximal());
        let at = at % (cose.len() - 4);
        cose[at..at + 4].copy_from_slice(&with);
        let _ = SignedManifest::parse(&cose);
    }
}
