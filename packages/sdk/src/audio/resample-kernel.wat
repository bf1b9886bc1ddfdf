;; The inner loop of the resampler (`Kernel` of resample-kernel.ts): groups of 8 outputs, each the sum of `rows` inputs
;; times coefficients, in 4 partial sums of 2 vectors. Addresses and sizes are bytes. `resample-simd.ts` holds the
;; module that wabt makes of this file; resample-simd.test.ts holds the two together.
(module
  (import "a" "m" (memory 1))
  (func (export "r")
    (param $count i32)        ;; groups to compute
    (param $group i32)        ;; the first of them, in its period
    (param $origin i32)       ;; where that period's inputs begin
    (param $out i32)
    (param $groups i32)       ;; of a period
    (param $advance i32)      ;; from the inputs of one period to the next
    (param $groupBytes i32)   ;; coefficients of a group
    (param $offsets i32)      ;; i32 of each group: its inputs, from the period's
    (param $coefficients i32)
    (local $x i32) (local $c i32) (local $end i32)
    (local $zero v128) (local $v v128)
    (local $a0 v128) (local $b0 v128) (local $a1 v128) (local $b1 v128)
    (local $a2 v128) (local $b2 v128) (local $a3 v128) (local $b3 v128)
    block $done
      loop $nextGroup
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $c (i32.add (i32.mul (local.get $group) (local.get $groupBytes)) (local.get $coefficients)))
        (local.set $end (i32.add (local.get $c) (local.get $groupBytes)))
        (local.set $x
          (i32.add
            (i32.load (i32.add (i32.mul (local.get $group) (i32.const 4)) (local.get $offsets)))
            (local.get $origin)))
        (local.set $a0 (local.get $zero))
        (local.set $b0 (local.get $zero))
        (local.set $a1 (local.get $zero))
        (local.set $b1 (local.get $zero))
        (local.set $a2 (local.get $zero))
        (local.set $b2 (local.get $zero))
        (local.set $a3 (local.get $zero))
        (local.set $b3 (local.get $zero))
        loop $rows ;; four at a time: sum += x · coefficients
          (local.set $v (v128.load32_splat (local.get $x)))
          (local.set $a0 (f32x4.add (local.get $a0) (f32x4.mul (local.get $v) (v128.load align=16 (local.get $c)))))
          (local.set $b0 (f32x4.add (local.get $b0) (f32x4.mul (local.get $v) (v128.load offset=16 (local.get $c)))))
          (local.set $v (v128.load32_splat offset=4 (local.get $x)))
          (local.set $a1 (f32x4.add (local.get $a1) (f32x4.mul (local.get $v) (v128.load offset=32 (local.get $c)))))
          (local.set $b1 (f32x4.add (local.get $b1) (f32x4.mul (local.get $v) (v128.load offset=48 (local.get $c)))))
          (local.set $v (v128.load32_splat offset=8 (local.get $x)))
          (local.set $a2 (f32x4.add (local.get $a2) (f32x4.mul (local.get $v) (v128.load offset=64 (local.get $c)))))
          (local.set $b2 (f32x4.add (local.get $b2) (f32x4.mul (local.get $v) (v128.load offset=80 (local.get $c)))))
          (local.set $v (v128.load32_splat offset=12 (local.get $x)))
          (local.set $a3 (f32x4.add (local.get $a3) (f32x4.mul (local.get $v) (v128.load offset=96 (local.get $c)))))
          (local.set $b3 (f32x4.add (local.get $b3) (f32x4.mul (local.get $v) (v128.load offset=112 (local.get $c)))))
          (local.set $x (i32.add (local.get $x) (i32.const 16)))
          (local.set $c (i32.add (local.get $c) (i32.const 128)))
          (br_if $rows (i32.lt_u (local.get $c) (local.get $end)))
        end
        (v128.store (local.get $out)
          (f32x4.add
            (f32x4.add (local.get $a0) (local.get $a1))
            (f32x4.add (local.get $a2) (local.get $a3))))
        (v128.store offset=16 (local.get $out)
          (f32x4.add
            (f32x4.add (local.get $b0) (local.get $b1))
            (f32x4.add (local.get $b2) (local.get $b3))))
        (local.set $out (i32.add (local.get $out) (i32.const 32)))
        (local.set $group (i32.add (local.get $group) (i32.const 1)))
        (if (i32.eq (local.get $group) (local.get $groups))
          (then
            (local.set $group (i32.const 0))
            (local.set $origin (i32.add (local.get $origin) (local.get $advance)))))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        br $nextGroup
      end
    end))
