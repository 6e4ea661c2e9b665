"""PyTriton's own client, with its access token, against a Shoal that has closed inference.

The addresses are in SHOAL_URL and SHOAL_GRPC, as host and port; the token is "secret".
"""

import os
import unittest

import numpy as np
from pytriton.client import ModelClient
from pytriton.client.exceptions import PyTritonClientInferenceServerError

HTTP = f"http://{os.environ['SHOAL_URL']}"
GRPC = f"grpc://{os.environ['SHOAL_GRPC']}"
ROW = np.arange(16, dtype=np.int32)


class Restricted(unittest.TestCase):
    def test_the_token_opens(self):
        for url in (HTTP, GRPC):
            with self.subTest(url), ModelClient(url, "add_sub", access_token="secret") as client:
                np.testing.assert_array_equal(client.infer_sample(ROW, ROW)["OUTPUT0"], 2 * ROW)

    def test_no_token_and_another_do_not(self):
        for url in (HTTP, GRPC):
            for token in (None, "wrong"):
                with self.subTest(url), ModelClient(url, "add_sub", access_token=token) as client:
                    with self.assertRaises(PyTritonClientInferenceServerError) as caught:
                        client.infer_sample(ROW, ROW)
                    self.assertIn("triton-access-token", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
