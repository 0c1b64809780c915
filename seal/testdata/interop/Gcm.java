import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Payloads of a named encryption key with javax.crypto. The lines of stdin and their
 * answers are those of gcm.mjs; hosted-seal and hosted-open do the same with the first
 * 16 bytes of the key, as the hosted platform does.
 */
class Gcm {
    static byte[] field(String text) {
        return text.equals("-") ? new byte[0] : Base64.getDecoder().decode(text);
    }

    static byte[] answer(String op, byte[] key, String[] fields) throws GeneralSecurityException {
        int size = op.startsWith("hosted-") ? 16 : key.length;
        SecretKeySpec aes = new SecretKeySpec(key, 0, size, "AES");
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        if (op.endsWith("open")) {
            byte[] payload = field(fields[2]);
            cipher.init(Cipher.DECRYPT_MODE, aes, new GCMParameterSpec(128, payload, 0, 12));
            return cipher.doFinal(payload, 12, payload.length - 12);
        }
        byte[] nonce = field(fields[2]), plain = field(fields[3]);
        if (nonce.length == 0) {
            nonce = new byte[12];
            new SecureRandom().nextBytes(nonce);
        }
        cipher.init(Cipher.ENCRYPT_MODE, aes, new GCMParameterSpec(128, nonce));
        byte[] sealed = cipher.doFinal(plain);
        byte[] payload = Arrays.copyOf(nonce, 12 + sealed.length);
        System.arraycopy(sealed, 0, payload, 12, sealed.length);
        return payload;
    }

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        PrintStream out = new PrintStream(System.out, true);
        out.print("ready\n");
        out.flush();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] fields = line.split(" ");
            String text;
            try {
                text = Base64.getEncoder().encodeToString(answer(fields[0], field(fields[1]), fields));
            } catch (AEADBadTagException e) {
                text = "refused";
            }
            out.print((text.isEmpty() ? "-" : text) + "\n");
            out.flush();
        }
    }
}
