import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A script on disk while it runs: in a folder of its own that nobody but its account can look into.
///
/// The folder belongs to the executor and the file to the account: the script can write nothing beside itself, so
/// removing both is removing one file and one empty folder.
struct ScriptFile {
    let path: String
    private let folder: String

    /// Writes `source`.
    ///
    /// - Parameters:
    ///   - source: the script's text.
    ///   - language: says how the file is called.
    ///   - account: who reads it.
    /// - Throws: `ProgramError` that says what the system refused; nothing is left then.
    init(_ source: String, _ language: ScriptLanguage, for account: ProgramAccount) throws(ProgramError) {
        var folder = Array((FileManager.default.temporaryDirectory.path + "/kpush-script-XXXXXX").utf8CString)
        guard mkdtemp(&folder) != nil else { throw .system("make a folder for the script", errno) }
        self.folder = String(decoding: folder.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        path = self.folder + "/script" + language.suffix
        do {
            try write(source)
            if account.isOther { try hand(to: account) }
        } catch {
            remove()
            throw error
        }
    }

    /// Removes the file and its folder.
    func remove() {
        // What cannot be removed lies in the system's temporary folder, where only its account can read it.
        unlink(path)
        rmdir(folder)
    }

    private func write(_ source: String) throws(ProgramError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("create the script's file", errno) }
        defer { close(descriptor) }
        var bytes = Array(source.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("write the script's file", errno) }
            bytes = bytes.dropFirst(count)
        }
    }

    private func hand(to account: ProgramAccount) throws(ProgramError) {
        guard chown(path, account.user, account.group) == 0, chown(folder, geteuid(), account.group) == 0,
            chmod(folder, 0o710) == 0
        else { throw .system("give the script to its account", errno) }
    }
}

/// `write(2)`, which the method of the same name would hide.
private let systemWrite: @Sendable (Int32, UnsafeRawPointer?, Int) -> Int = write
