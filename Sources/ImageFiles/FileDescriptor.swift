import Foundation

/// An open file, closed when the last user lets it go. All reads and writes are complete or an error.
final class FileDescriptor {
    let path: String
    let number: Int32

    private init(path: String, number: Int32) {
        self.path = path
        self.number = number
    }

    deinit { _ = Foundation.close(number) }

    static func reading(_ path: String) throws(ImageFileError) -> FileDescriptor {
        try RegularFile.check(path)
        return try opening(path, O_RDONLY)
    }

    /// Empties the file or makes it; `exclusive` refuses one that exists.
    static func creating(_ path: String, exclusive: Bool) throws(ImageFileError) -> FileDescriptor {
        let number = retried { open(path, O_RDWR | O_CREAT | O_CLOEXEC | (exclusive ? O_EXCL : O_TRUNC), 0o644) }
        guard number >= 0 else { throw .cannotWrite(path, errno: errno) }
        return FileDescriptor(path: path, number: number)
    }

    static func updating(_ path: String) throws(ImageFileError) -> FileDescriptor {
        try opening(path, O_RDWR)
    }

    private static func opening(_ path: String, _ flags: Int32) throws(ImageFileError) -> FileDescriptor {
        let number = retried { open(path, flags | O_CLOEXEC) }
        guard number >= 0 else { throw .cannotOpen(path, errno: errno) }
        return FileDescriptor(path: path, number: number)
    }

    private static func retried(_ call: () -> Int32) -> Int32 {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }

    func size() throws(ImageFileError) -> Int {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw .cannotRead(path, errno: errno) }
        return Int(status.st_size)
    }

    /// Fills the buffer from an offset. A file that ends early is a truncated one.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(ImageFileError) {
        var done = 0
        while done < buffer.count {
            let count = pread(number, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw .cannotRead(path, errno: errno) }
            if count == 0 { throw .truncated(path, expected: offset + buffer.count, found: offset + done) }
            done += count
        }
    }

    /// Writes the buffer at an offset, for `named` in the error (a temporary file speaks for its target).
    func write(_ buffer: UnsafeRawBufferPointer, at offset: Int, named: String? = nil) throws(ImageFileError) {
        var done = 0
        while done < buffer.count {
            let count = pwrite(number, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            if count <= 0 { throw .cannotWrite(named ?? path, errno: count < 0 ? errno : EIO) }
            done += count
        }
    }

    /// Reads plain numbers in the order of bytes of this machine.
    func read<Number: BitwiseCopyable & AdditiveArithmetic>(
        _ type: Number.Type, count: Int, at offset: Int
    ) throws(ImageFileError) -> [Number] {
        var numbers = [Number](repeating: .zero, count: count)
        // The standard library's scope does not pass a typed error on.
        let result: Result<Void, ImageFileError> = numbers.withUnsafeMutableBytes { buffer in
            do throws(ImageFileError) { return .success(try read(into: buffer, at: offset)) } catch { return .failure(error) }
        }
        try result.get()
        return numbers
    }

    /// Writes plain numbers in the order of bytes of this machine.
    func write<Number: BitwiseCopyable>(
        _ numbers: [Number], at offset: Int, named: String? = nil
    ) throws(ImageFileError) {
        let result: Result<Void, ImageFileError> = numbers.withUnsafeBytes { buffer in
            do throws(ImageFileError) {
                return .success(try write(buffer, at: offset, named: named))
            } catch { return .failure(error) }
        }
        try result.get()
    }

    func synchronize(named: String? = nil) throws(ImageFileError) {
        guard fsync(number) == 0 else { throw .cannotWrite(named ?? path, errno: errno) }
    }
}
