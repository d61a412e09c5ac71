use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{DerSignature, Signature, SigningKey};
use proptest::prelude::*;
use strum::VariantArray;
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

/// The same manifest with the other s, which any ECDSA takes for as good.
fn flipped(cose: &[u8]) -> Vec<u8> {
    let at = cose.len() - 32;
    [&cose[..at], &order_less(&cose[at..]).unwrap()].concat()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n)]);
    bytes
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(b & 15)])
        .collect()
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
                "refused": hex(&flipped(&sign(&manifest))),
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
fn a_signature_has_one_form_and_the_flipped_one_is_refused() {
    let mut high = 0;
    for seq in 2..40 {
        let manifest = Manifest { seq, ..maximal() };
        let raw: Signature = key().sign(&manifest.to_be_signed());
        high += u32::from(raw.normalize_s().is_some());
        let cose = manifest.assemble(raw.to_bytes().into());
        assert!(genuine(&cose));
        // Verifies, but is other bytes: it would be another visit, and break the chain.
        let flipped = flipped(&cose);
        let s = Signature::from_slice(&flipped[flipped.len() - 64..]).unwrap();
        let key = *key().verifying_key();
        assert!(key.verify(&manifest.to_be_signed(), &s).is_ok());
        assert_eq!(
            SignedManifest::parse(&flipped).unwrap_err(),
            ManifestError::NotCanonical
        );
        // A keystore may give either.
        let given = flipped[flipped.len() - 64..].try_into().unwrap();
        assert_eq!(manifest.assemble(given), cose);
    }
    assert!(high > 0, "keystores give both forms");
}

#[test]
fn every_cut_and_every_appended_byte_is_refused() {
    let cose = sign(&maximal());
    for len in 0..cose.len() {
        assert!(SignedManifest::parse(&cose[..len]).is_err(), "cut at {len}");
    }
    assert!(SignedManifest::parse(&[cose, vec![0]].concat()).is_err());
}

/// What parsing says about the full manifest after `change`.
fn refused(change: impl FnOnce(&mut Manifest)) -> ManifestError {
    let mut manifest = maximal();
    change(&mut manifest);
    SignedManifest::parse(&sign(&manifest)).unwrap_err()
}

#[test]
fn a_field_beyond_its_limit_is_named() {
    type Change = fn(&mut Manifest);
    let wrong: &[(&str, Change)] = &[
        ("seq", |m| m.seq = 0),
        ("seq", |m| m.seq = 1 << 63),
        ("prev", |m| m.prev = None),
        ("prev", |m| m.seq = 1),
        ("created_by", |m| m.created_by = "x".repeat(513)),
        ("time_token", |m| {
            m.clock.time_token = Some("x".repeat(513));
        }),
        ("kind", |m| m.kind = Lenient::Unknown("x".repeat(513))),
        ("photos", |m| {
            let photo = m.photos[0].clone();
            m.photos = (0..21)
                .map(|n| ManifestPhoto {
                    id: id(100 + n),
                    ..photo.clone()
                })
                .collect();
        }),
        ("photos.id", |m| m.photos[1].id = m.photos[0].id),
        ("photos.len", |m| m.photos[0].len = 0),
        ("photos.len", |m| m.photos[0].len = MAX_PHOTO_BYTES + 1),
        ("photos.sealed_len", |m| m.photos[1].sealed_len = 0),
        ("photos.sealed_len", |m| {
            m.photos[1].sealed_len = MAX_SEALED_BYTES + 1;
        }),
        ("photos.width", |m| m.photos[0].width = 0),
        ("photos.width", |m| m.photos[0].width = 8193),
        ("photos.height", |m| m.photos[0].height = 0),
        ("photos.height", |m| m.photos[0].height = 8193),
        ("photos.camera.orientation", |m| {
            m.photos[0].camera.orientation = 0;
        }),
        ("photos.camera.orientation", |m| {
            m.photos[0].camera.orientation = 9;
        }),
        ("pin.lat_e7", |m| place(m).lat_e7 = 900_000_001),
        ("pin.lat_e7", |m| place(m).lat_e7 = i64::MIN),
        ("pin.lon_e7", |m| place(m).lon_e7 = 1_800_000_001),
        ("pin.accuracy_cm", |m| place(m).accuracy_cm = -1),
        ("pin.fixes", |m| {
            let fix = place(m).fixes[0].clone();
            place(m).fixes = vec![fix; 6];
        }),
        ("pin.fixes.lat_e7", |m| {
            place(m).fixes[1].lat_e7 = -900_000_001;
        }),
        ("pin.fixes.lon_e7", |m| {
            place(m).fixes[1].lon_e7 = -1_800_000_001;
        }),
        ("pin.fixes.accuracy_cm", |m| {
            place(m).fixes[0].accuracy_cm = 100_000_001;
        }),
        ("answers.len", |m| m.answers.as_mut().unwrap().len = 0),
        ("answers.len", |m| {
            m.answers.as_mut().unwrap().len = MAX_ANSWERS_BYTES + 1;
        }),
        ("answers.sealed_len", |m| {
            m.answers.as_mut().unwrap().sealed_len = MAX_ANSWERS_BYTES + 1;
        }),
    ];
    for (field, change) in wrong {
        assert_eq!(refused(change), ManifestError::Field(field));
    }
    assert_eq!(refused(|m| m.version = 2), ManifestError::UnknownVersion(2));
}

fn place(manifest: &mut Manifest) -> &mut ManifestPin {
    manifest.pin.as_mut().unwrap()
}

#[test]
fn what_lies_on_a_limit_is_accepted() {
    let mut manifest = maximal();
    let photo = ManifestPhoto {
        kind: Lenient::Unknown("k".repeat(MAX_TEXT_BYTES)),
        len: MAX_PHOTO_BYTES,
        sealed_len: MAX_SEALED_BYTES,
        width: 8192,
        height: 8192,
        camera: ManifestCamera {
            make: Some("m".repeat(MAX_TEXT_BYTES)),
            model: Some("m".repeat(MAX_TEXT_BYTES)),
            exif_taken: Some("t".repeat(MAX_TEXT_BYTES)),
            ..maximal().photos[0].camera.clone()
        },
        ..maximal().photos[0].clone()
    };
    manifest.photos = (0..20)
        .map(|n| ManifestPhoto {
            id: id(100 + n),
            ..photo.clone()
        })
        .collect();
    let pin = place(&mut manifest);
    (pin.lat_e7, pin.lon_e7, pin.accuracy_cm) = (-900_000_000, 1_800_000_000, 100_000_000);
    pin.fixes = vec![pin.fixes[0].clone(); MAX_FIXES];
    manifest.seq = i64::MAX.unsigned_abs();
    let cose = sign(&manifest);
    assert!(cose.len() <= MAX_MANIFEST_BYTES, "{}", cose.len());
    assert_eq!(SignedManifest::parse(&cose).unwrap().manifest(), &manifest);
}

/// Signs the payload after `change`, whatever it then holds.
fn parse_changed(change: impl FnOnce(&mut Vec<(Value, Value)>)) -> ManifestError {
    let manifest = minimal();
    let Value::Map(mut map) = manifest.to_value() else {
        unreachable!("a manifest is a map")
    };
    change(&mut map);
    parse_payload(&cbor::bytes(&Value::Map(map)))
}

fn parse_payload(payload: &[u8]) -> ManifestError {
    let protected = protected(minimal().device);
    let signature: Signature = key().sign(&to_be_signed(&protected, payload));
    SignedManifest::parse(&cose(&protected, payload, &signature.to_bytes())).unwrap_err()
}

#[test]
fn a_payload_of_other_keys_or_types_is_refused() {
    // Index 3 is `seq`, the fourth field of the least manifest.
    let seq = |value: Value| parse_changed(|map| map[3].1 = value);
    assert_eq!(
        parse_changed(|map| map.push((23.into(), true.into()))),
        ManifestError::UnknownKey(23)
    );
    assert_eq!(
        parse_changed(|map| map.push((Value::Text("seq".into()), 1.into()))),
        ManifestError::Field("manifest")
    );
    assert_eq!(
        parse_changed(|map| map.swap(1, 2)),
        ManifestError::NotCanonical
    );
    assert_eq!(
        parse_changed(|map| map.push(map[0].clone())),
        ManifestError::NotCanonical
    );
    assert_eq!(
        parse_changed(|map| drop(map.remove(3))),
        ManifestError::Field("seq")
    );
    for wrong in [
        Value::Float(1.0),
        Value::Null,
        Value::Text("1".into()),
        Value::from(-1),
        Value::Tag(0, Box::new(1.into())),
        Value::Array(vec![]),
    ] {
        assert_eq!(seq(wrong.clone()), ManifestError::Field("seq"), "{wrong:?}");
    }
    // A bignum of one byte is the same number as 1, in another encoding.
    assert!(matches!(
        seq(Value::Tag(2, Box::new(Value::Bytes(vec![1])))),
        ManifestError::Field("seq") | ManifestError::NotCanonical
    ));
    assert_eq!(
        parse_changed(|map| map[0].1 = 7.into()),
        ManifestError::UnknownVersion(7)
    );
    assert_eq!(
        parse_changed(|map| drop(map.remove(0))),
        ManifestError::Field("version")
    );
    let indefinite = [&[0xbf], &minimal().payload()[1..], &[0xff]].concat();
    assert_eq!(parse_payload(&indefinite), ManifestError::NotCanonical);
    assert_eq!(parse_payload(b""), ManifestError::NotCbor);
    assert_eq!(
        parse_payload(&[minimal().payload(), vec![0]].concat()),
        ManifestError::NotCbor
    );
    assert_eq!(parse_payload(&[0x81; 5000]), ManifestError::NotCbor);
}

#[test]
fn another_envelope_is_refused() {
    let manifest = minimal();
    let signature = [1; 64];
    let parts = |protected: Vec<u8>, unprotected: Value, signature: &[u8]| {
        Value::Array(vec![
            Value::Bytes(protected),
            unprotected,
            Value::Bytes(manifest.payload()),
            Value::Bytes(signature.to_vec()),
        ])
    };
    let empty = || Value::Map(vec![]);
    let parse = |value: &Value| SignedManifest::parse(&cbor::bytes(value)).map(|_| ());
    let sign1 = |value| Value::Tag(18, Box::new(value));
    let own = || protected(manifest.device);

    let good = sign1(parts(own(), empty(), &signature));
    assert_eq!(parse(&good), Ok(()));
    let untagged = parts(own(), empty(), &signature);
    assert_eq!(parse(&untagged), Err(ManifestError::NotCose));
    let as_sign = Value::Tag(98, Box::new(parts(own(), empty(), &signature)));
    assert_eq!(parse(&as_sign), Err(ManifestError::NotCose));
    let header = Value::Map(vec![(4.into(), Value::Bytes(vec![0; 16]))]);
    let unprotected = sign1(parts(own(), header, &signature));
    assert_eq!(parse(&unprotected), Err(ManifestError::NotCose));
    let short = sign1(parts(own(), empty(), &signature[..63]));
    assert_eq!(parse(&short), Err(ManifestError::NotCose));
    let other_device = sign1(parts(protected(id(9)), empty(), &signature));
    assert_eq!(parse(&other_device), Err(ManifestError::WrongKeyId));
    // ES384 is -35: no other algorithm passes for ours.
    let es384 = cbor::bytes(&Value::Map(vec![
        (1.into(), Value::from(-35)),
        (
            4.into(),
            Value::Bytes(manifest.device.0.into_bytes().to_vec()),
        ),
    ]));
    let es384 = sign1(parts(es384, empty(), &signature));
    assert_eq!(parse(&es384), Err(ManifestError::WrongKeyId));
    assert_eq!(
        SignedManifest::parse(&vec![0; MAX_MANIFEST_BYTES + 1]),
        Err(ManifestError::TooLong)
    );
}

#[test]
fn the_next_manifest_names_the_hash_of_the_whole_one_before() {
    let first = sign(&minimal());
    let hash = SignedManifest::parse(&first).unwrap().chain_hash();
    assert_eq!(hash, Hash32::of(&first));
    let second = Manifest {
        visit: id(6),
        seq: 2,
        prev: Some(hash),
        ..minimal()
    };
    let second = SignedManifest::parse(&sign(&second)).unwrap();
    assert_eq!(second.manifest().prev, Some(hash));
}

/// What `MANIFEST.md` calls a type.
fn written(ty: &str) -> String {
    let inner = |prefix| ty.strip_prefix(prefix).and_then(|t| t.strip_suffix('>'));
    if let Some(inner) = inner("Option<") {
        return written(inner) + "?";
    }
    if let Some(inner) = inner("Vec<") {
        return format!("list of {inner}");
    }
    if inner("Lenient<").is_some() {
        return "word".to_owned();
    }
    match ty {
        "Hash32" => "hash",
        "Timestamp" => "instant",
        "RegionCode" | "String" => "text",
        "VisitId" | "DeviceId" | "CaseId" | "UserId" | "PhotoId" => "id",
        other => other,
    }
    .to_owned()
}

/// The rows `MANIFEST.md` must have for a record.
fn fields<T: Record>() -> Vec<String> {
    let row = |(key, name, ty): &(i64, &str, &str)| {
        format!("| {key} | `{name}` | {}", written(&ty.replace(' ', "")))
    };
    T::FIELDS.iter().map(row).collect()
}

#[test]
fn the_written_description_has_every_field_with_its_key_and_type() {
    const PAGE: &str = include_str!("../../MANIFEST.md");
    let rows = |name: &str| -> Vec<String> {
        let start = PAGE.find(&format!("\n## {name}\n")).expect(name);
        PAGE[start + 1..]
            .lines()
            .skip(1)
            .take_while(|line| !line.starts_with("## "))
            .filter(|line| line.starts_with("| ") && !line.starts_with("| key "))
            .map(|line| line.split(" | ").take(3).collect::<Vec<_>>().join(" | "))
            .collect()
    };
    assert_eq!(rows("Manifest"), fields::<Manifest>());
    assert_eq!(rows("ManifestPhoto"), fields::<ManifestPhoto>());
    assert_eq!(rows("ManifestCamera"), fields::<ManifestCamera>());
    assert_eq!(rows("ManifestPin"), fields::<ManifestPin>());
    assert_eq!(rows("ManifestFix"), fields::<ManifestFix>());
    assert_eq!(rows("ManifestAnswers"), fields::<ManifestAnswers>());
    assert_eq!(rows("ManifestClock"), fields::<ManifestClock>());
    assert_eq!(rows("ManifestApp"), fields::<ManifestApp>());
    let keys = |fields: &[(i64, &str, &str)]| fields.iter().map(|f| f.0).collect::<Vec<_>>();
    assert_eq!(keys(Manifest::FIELDS), (1..=22).collect::<Vec<_>>());

    let words = |known: Vec<String>| known.join("`, `");
    let known = [
        words(
            VisitKind::VARIANTS
                .iter()
                .map(ToString::to_string)
                .collect(),
        ),
        words(
            UnreachableReason::VARIANTS
                .iter()
                .map(ToString::to_string)
                .collect(),
        ),
        words(
            PhotoKind::VARIANTS
                .iter()
                .map(ToString::to_string)
                .collect(),
        ),
    ];
    for words in known {
        assert!(PAGE.contains(&format!("| `{words}` |")), "{words}");
    }
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
        // r is zero.
        &[0x30, 6, 2, 1, 0, 2, 1, 1],
        // r is negative.
        &[0x30, 6, 2, 1, 0x80, 2, 1, 1],
        // More follows.
        &[0x30, 7, 2, 1, 1, 2, 1, 1, 0],
    ] {
        assert!(der_to_raw(bad).is_err());
    }
}

prop_compose! {
    fn any_camera()(
        make in any::<Option<String>>(),
        model in any::<Option<String>>(),
        exposure_us in any::<Option<u64>>(),
        iso in any::<Option<u32>>(),
        focal_um in any::<Option<u32>>(),
        orientation in 1_u32..=8,
        exif_taken in any::<Option<String>>(),
    ) -> ManifestCamera {
        // `any::<String>()` has at most 32 characters, so it stays within the limit.
        ManifestCamera { make, model, exposure_us, iso, focal_um, orientation, exif_taken }
    }
}

prop_compose! {
    fn any_photo()(
        kind in any::<String>(),
        hashes in any::<[[u8; 32]; 2]>(),
        len in 1..=MAX_PHOTO_BYTES,
        sealed_len in 1..=MAX_SEALED_BYTES,
        width in 1_u32..=8192,
        height in 1_u32..=8192,
        s in any::<i32>(),
        camera in any_camera(),
    ) -> ManifestPhoto {
        ManifestPhoto {
            id: id(0),
            kind: Lenient::read(&kind),
            sha256: Hash32(hashes[0]),
            len,
            sealed_sha256: Hash32(hashes[1]),
            sealed_len,
            width,
            height,
            taken_at: at(s.into()),
            camera,
        }
    }
}

prop_compose! {
    fn any_fix()(
        lat_e7 in -900_000_000_i64..=900_000_000,
        lon_e7 in -1_800_000_000_i64..=1_800_000_000,
        accuracy_cm in 0_i64..=100_000_000,
        altitude_cm in any::<Option<i64>>(),
        speed_cm_s in any::<Option<i64>>(),
        bearing_cdeg in any::<Option<i64>>(),
        provider in any::<String>(),
        mock in any::<bool>(),
        elapsed_ns in any::<u64>(),
        s in any::<i32>(),
    ) -> ManifestFix {
        ManifestFix {
            lat_e7, lon_e7, accuracy_cm, altitude_cm, speed_cm_s, bearing_cdeg, provider, mock, elapsed_ns,
            taken_at: at(s.into()),
        }
    }
}

prop_compose! {
    fn any_pin()(
        fixes in proptest::collection::vec(any_fix(), 0..=MAX_FIXES),
        here in any_fix(),
        source in any::<String>(),
    ) -> ManifestPin {
        ManifestPin {
            lat_e7: here.lat_e7,
            lon_e7: here.lon_e7,
            accuracy_cm: here.accuracy_cm,
            source,
            mock: here.mock,
            taken_at: here.taken_at,
            fixes,
        }
    }
}

prop_compose! {
    fn any_clock()(
        s in any::<i32>(),
        elapsed_ns in any::<u64>(),
        boot_id in any::<String>(),
        boot_count in any::<Option<u64>>(),
        auto_time in any::<Option<bool>>(),
        time_token in any::<Option<String>>(),
        token_elapsed_ns in any::<Option<u64>>(),
    ) -> ManifestClock {
        ManifestClock {
            wall: at(s.into()), elapsed_ns, boot_id, boot_count, auto_time, time_token, token_elapsed_ns,
        }
    }
}

prop_compose! {
    fn any_app()(
        version in any::<String>(),
        build in any::<String>(),
        key_level in any::<String>(),
        state in any::<[Option<bool>; 5]>(),
    ) -> ManifestApp {
        let [dev_options, adb, debugger, hooked, rooted] = state;
        ManifestApp { version, build, key_level, dev_options, adb, debugger, hooked, rooted }
    }
}

prop_compose! {
    fn any_manifest()(
        seq in 1..=i64::MAX.unsigned_abs(),
        ids in any::<[u128; 3]>(),
        optional_ids in any::<[Option<u128>; 2]>(),
        case_version in any::<Option<i32>>(),
        words in any::<(String, Option<String>, String)>(),
        seconds in any::<(i32, i32, Option<i32>)>(),
        photos in proptest::collection::vec(any_photo(), 0..=4),
        pin in proptest::option::of(any_pin()),
        answers in proptest::option::of((any::<u32>(), 1..=MAX_ANSWERS_BYTES)),
        clock in any_clock(),
        app in any_app(),
        training in any::<bool>(),
    ) -> Manifest {
        Manifest {
            seq,
            prev: (seq > 1).then(|| Hash32::of(&seq.to_be_bytes())),
            visit: Uuid::from_u128(ids[0]).into(),
            device: Uuid::from_u128(ids[1]).into(),
            officer: Uuid::from_u128(ids[2]).into(),
            case: optional_ids[0].map(|n| Uuid::from_u128(n).into()),
            supersedes: optional_ids[1].map(|n| Uuid::from_u128(n).into()),
            case_version,
            kind: Lenient::read(&words.0),
            unreachable: words.1.as_deref().map(Lenient::read),
            created_by: words.2,
            arrived_at: at(seconds.0.into()),
            captured_at: at(seconds.1.into()),
            notice_read_at: seconds.2.map(|s| at(s.into())),
            photos: (0..).zip(photos).map(|(n, photo)| ManifestPhoto { id: id(n), ..photo }).collect(),
            pin,
            answers: answers.map(|(form_version, len)| ManifestAnswers {
                form_version,
                len,
                ..maximal().answers.unwrap()
            }),
            clock,
            app,
            training,
            ..minimal()
        }
    }
}

proptest! {
    #[test]
    fn any_manifest_reads_back_as_itself(manifest in any_manifest()) {
        let cose = manifest.assemble([3; 64]);
        let signed = SignedManifest::parse(&cose).unwrap();
        prop_assert_eq!(signed.manifest(), &manifest);
        prop_assert_eq!(signed.to_be_signed(), &manifest.to_be_signed()[..]);
        prop_assert_eq!(signed.signature(), &[3; 64]);
    }

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
