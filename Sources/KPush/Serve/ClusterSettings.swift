import Crypto
import Groundwork
import PostgresDriver
import PushEngine
import RedisDriver

/// The engines that all processes of a cluster share.
struct ClusterSettings: Sendable {
    /// Tells clusters on the same Redis apart.
    var name: String
    /// What every process of the cluster knows; what else they share is derived from it.
    var secret: Secret
    /// The one before it, as long as there are accounts that were stored with that.
    var formerSecret: Secret?
    var postgres: PostgresSettings
    var redis: RedisSettings

    /// Reads the settings; nil when there are none, which is the embedded size.
    ///
    /// - Throws: `SettingsError` when some are there and others are missing.
    init?(_ reader: SettingsReader) throws(SettingsError) {
        let address = reader.string("postgres.address")
        let cache = reader.string("redis.address")
        guard let address, let cache else {
            if address != nil {
                throw SettingsError("redis.address", "must be set together with postgres.address")
            }
            if cache != nil {
                throw SettingsError("postgres.address", "must be set together with redis.address")
            }
            return nil
        }
        name = reader.string("cluster.name") ?? "kpush"
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isWord) else {
            throw SettingsError("cluster.name", "is made of letters, digits, - and _, not \(name)")
        }
        secret = Secret(reader.string("cluster.secret") ?? "")
        guard secret.reveal().utf8.count >= 32 else {
            throw SettingsError(
                "cluster.secret",
                "has at least 32 characters, the same for every process of the cluster"
            )
        }
        formerSecret = reader.string("cluster.former-secret").map { Secret($0) }
        do throws(PostgresAddressError) { postgres = try PostgresSettings(address: address) } catch {
            throw SettingsError("postgres.address", "\(error)")
        }
        postgres.connections = try reader.number("postgres.connections", in: 1...256) ?? postgres.connections
        do throws(RedisAddressError) { redis = try RedisSettings(address: cache) } catch {
            throw SettingsError("redis.address", "\(error)")
        }
    }

    /// 32 bytes for one purpose that tell nothing of the secret nor of each other.
    func key(for purpose: String) -> [UInt8] { Self.key(for: purpose, from: secret) }

    /// What seals the accounts' secrets, and opens also those that the former secret sealed.
    var sealer: AESSealer {
        get throws(SealError) {
            try AESSealer(
                key: key(for: "sealing"),
                former: formerSecret.map { [Self.key(for: "sealing", from: $0)] } ?? []
            )
        }
    }

    private static func key(for purpose: String, from secret: Secret) -> [UInt8] {
        HKDF<SHA256>
            .deriveKey(
                inputKeyMaterial: SymmetricKey(data: Array(secret.reveal().utf8)),
                info: Array("kpush \(purpose)".utf8),
                outputByteCount: 32
            )
            .withUnsafeBytes { Array($0) }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
